package api

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"earworm/problem"
	"earworm/upload"
)

// fileField is the field of a form that a file is sent in.
const fileField = "file"

// readFile keeps the file of a form, and makes a submission of it.
func (s server) readFile(x exchange) (Submission, error) {
	if s.Uploads == nil {
		return Submission{}, problem.New(http.StatusUnsupportedMediaType, "unsupported_media_type",
			"no files are taken here; want Content-Type: %s with the source of a track, or earworm serve --uploads FOLDER", typeJSON)
	}
	ctl := http.NewResponseController(x.writer)
	x.request.Body = io.NopCloser(patient{x.request.Body, ctl})
	form, err := x.request.MultipartReader()
	if err != nil {
		return Submission{}, badRequest("read the form: %s", err)
	}
	part, err := form.NextPart()
	if err != nil || part.FormName() != fileField {
		return Submission{}, badRequest("the form does not begin with a file; want one field, %s, such as curl --form %s=@waltz.flac sends", fileField, fileField)
	}
	only := &onlyPart{part: part, form: form}
	t, err := s.Uploads.Keep(only, part.FileName())
	_ = ctl.SetWriteDeadline(time.Now().Add(linePatience))
	switch {
	case errors.Is(err, upload.ErrTooLarge):
		return Submission{}, problem.New(http.StatusRequestEntityTooLarge, "too_large", "%s; want %d bytes or fewer", upload.ErrTooLarge, s.Uploads.MostBytes)
	case errors.Is(err, upload.ErrEmpty):
		return Submission{}, badRequest("%s; want a recording", upload.ErrEmpty)
	case only.broken != nil:
		return Submission{}, badRequest("read the form: %s", only.broken)
	case err != nil:
		return Submission{}, err
	}
	return Submission{Source: t.Source, Title: t.Title, Artist: t.Artist, Album: t.Album}, nil
}

var errSeveral = errors.New("it goes on after the file; want one file to a request")

// onlyPart reads a part of a form, and fails where that is not the last, so
// that nothing is kept of a form that is refused.
type onlyPart struct {
	part   io.Reader
	form   *multipart.Reader
	broken error // what is wrong with the form
}

// Read is io.Reader's.
func (o *onlyPart) Read(b []byte) (int, error) {
	n, err := o.part.Read(b)
	if err == io.EOF {
		if _, err = o.form.NextPart(); err == nil {
			err = errSeveral
		}
	}
	if err != io.EOF { // a form that breaks off wraps it
		o.broken = err
	}
	return n, err
}
