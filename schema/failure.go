package schema

import "fmt"

// Code names, for good, why a track could not be analysed.
type Code string

// The codes. Each is permanent: the same track will fail the same way again.
const (
	NotFound          Code = "not_found"
	AccessDenied      Code = "access_denied"
	TooLarge          Code = "too_large"
	TooLong           Code = "too_long"
	TooShort          Code = "too_short"
	UnsupportedFormat Code = "unsupported_format"
	Corrupt           Code = "corrupt"
	Silent            Code = "silent"
	DecodeTimeout     Code = "decode_timeout"
	Unavailable       Code = "unavailable"
	Crashed           Code = "crashed"
	Internal          Code = "internal"
)

var help = map[Code]string{
	NotFound:          "nothing is at this source; check the path or address",
	AccessDenied:      "the source may not be read; check its permissions and the allowed roots",
	TooLarge:          "the file is above the size limit; raise max-bytes if it is meant to be",
	TooLong:           "the recording is above the length limit; raise max-duration if it is meant to be",
	TooShort:          "there is too little sound to hear a pulse in; 2 seconds are needed",
	UnsupportedFormat: "this is no audio that can be decoded here; installing ffmpeg adds formats",
	Corrupt:           "the file is damaged; get it again from where it came",
	Silent:            "the recording holds no sound",
	DecodeTimeout:     "decoding took too long and was stopped",
	Unavailable:       "the source's server did not answer, broke off or was too slow, however often it was asked",
	Crashed:           "the track ended its worker three times and is set aside",
	Internal:          "earworm failed on this track; the message says where",
}

// Codes lists every code.
func Codes() []Code {
	return []Code{
		NotFound, AccessDenied, TooLarge, TooLong, TooShort, UnsupportedFormat,
		Corrupt, Silent, DecodeTimeout, Unavailable, Crashed, Internal,
	}
}

// Help is one line for the person who meets the code.
func (c Code) Help() string { return help[c] }

// Failure is why a track failed for good. It is an error: a handler that
// returns one, wrapped or not, says that trying again is of no use; any other
// error is transient.
type Failure struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// Fail makes a permanent failure with a formatted message.
func Fail(code Code, format string, args ...any) *Failure {
	return &Failure{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error is the message, which names its subject; the code is kept beside it.
func (f *Failure) Error() string { return f.Message }
