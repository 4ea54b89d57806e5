package api

import (
	"context"

	"earworm/schema"
)

// AudioAnalysis has the keys of Spotify's audio analysis object. What is not
// computed here is null.
type AudioAnalysis struct {
	Meta     AnalysisMeta      `json:"meta"`
	Track    AnalysisTrack     `json:"track"`
	Bars     []AnalysisStretch `json:"bars" doc:"From one downbeat to the next."`
	Beats    []AnalysisStretch `json:"beats"`
	Sections []AnalysisSection `json:"sections" doc:"Stretches of one tempo."`
	Segments []AnalysisStretch `json:"segments" doc:"Not computed: null."`
	Tatums   []AnalysisStretch `json:"tatums" doc:"Not computed: null."`
}

// AnalysisMeta says what made the analysis.
type AnalysisMeta struct {
	AnalyzerVersion string  `json:"analyzer_version" doc:"The model version."`
	Platform        string  `json:"platform"`
	DetailedStatus  string  `json:"detailed_status"`
	StatusCode      int     `json:"status_code"`
	Timestamp       int64   `json:"timestamp" doc:"Seconds since 1970."`
	AnalysisTime    float64 `json:"analysis_time" doc:"Seconds of work."`
	InputProcess    string  `json:"input_process" doc:"The decoder."`
}

// AnalysisTrack is what holds for the whole track.
type AnalysisTrack struct {
	Duration float64 `json:"duration" doc:"Seconds."`
	AnalysisWhole
	NumSamples         *int     `json:"num_samples" doc:"Not kept: null."`
	SampleMD5          *string  `json:"sample_md5" doc:"Not computed: null."`
	OffsetSeconds      int      `json:"offset_seconds"`
	WindowSeconds      int      `json:"window_seconds" doc:"0: the whole track."`
	AnalysisSampleRate *int     `json:"analysis_sample_rate" doc:"Not kept: null."`
	AnalysisChannels   int      `json:"analysis_channels"`
	EndOfFadeIn        *float64 `json:"end_of_fade_in" doc:"Not computed: null."`
	StartOfFadeOut     *float64 `json:"start_of_fade_out" doc:"Not computed: null."`
	Codestring         *string  `json:"codestring" doc:"Not computed: null."`
	CodeVersion        *float64 `json:"code_version" doc:"Not computed: null."`
	Echoprintstring    *string  `json:"echoprintstring" doc:"Not computed: null."`
	EchoprintVersion   *float64 `json:"echoprint_version" doc:"Not computed: null."`
	Synchstring        *string  `json:"synchstring" doc:"Not computed: null."`
	SynchVersion       *float64 `json:"synch_version" doc:"Not computed: null."`
	Rhythmstring       *string  `json:"rhythmstring" doc:"Not computed: null."`
	RhythmVersion      *float64 `json:"rhythm_version" doc:"Not computed: null."`
}

// AnalysisWhole are tempo, key and meter with their confidences, 0 to 1. Key
// and mode are estimated as one, and share a confidence.
type AnalysisWhole struct {
	Loudness                *float64 `json:"loudness" doc:"Mean level, dB relative to full scale."`
	Tempo                   *float64 `json:"tempo" doc:"Beats a minute."`
	TempoConfidence         *float64 `json:"tempo_confidence"`
	TimeSignature           *int     `json:"time_signature"`
	TimeSignatureConfidence *float64 `json:"time_signature_confidence"`
	Key                     *int     `json:"key" doc:"Pitch class of the tonic, 0 is C; -1 where no key was heard."`
	KeyConfidence           *float64 `json:"key_confidence"`
	Mode                    *int     `json:"mode" doc:"1 is major, 0 minor."`
	ModeConfidence          *float64 `json:"mode_confidence"`
}

// AnalysisStretch is a bar or a beat. The last one's end is not known.
type AnalysisStretch struct {
	Start      float64  `json:"start" doc:"Seconds."`
	Duration   *float64 `json:"duration" doc:"Seconds; null for the last one."`
	Confidence *float64 `json:"confidence" doc:"Not computed: null."`
}

// AnalysisSection is a stretch of one tempo. Where the track is one section,
// what holds for the track holds for it.
type AnalysisSection struct {
	AnalysisStretch
	AnalysisWhole
}

func (s server) audioAnalysis(ctx context.Context, in *TrackPath) (*body[AudioAnalysis], error) {
	f, err := s.Store.Features(ctx, in.trackID())
	if err != nil {
		return nil, s.spotifyError(ctx, err)
	}
	a, err := s.Store.Analysis(ctx, in.trackID(), f.ModelVersion)
	if err != nil {
		return nil, s.spotifyError(ctx, err)
	}
	return &body[AudioAnalysis]{audioAnalysis(a, f)}, nil
}

// audioAnalysis tells an analysis in Spotify's words, with the features that
// count in place of what was heard where a person said otherwise.
func audioAnalysis(a schema.Analysis, f schema.Features) AudioAnalysis {
	whole := AnalysisWhole{
		Loudness: &f.LoudnessDB,
		Tempo:    orNull(f.TempoBPM), TempoConfidence: &f.TempoConfidence,
		TimeSignature: orNull(f.Meter.Beats), TimeSignatureConfidence: &f.MeterConfidence,
		KeyConfidence: &f.KeyConfidence, ModeConfidence: &f.KeyConfidence,
	}
	key, mode := spotifyKey(f.Key)
	whole.Key, whole.Mode = &key, mode
	return AudioAnalysis{
		Meta: AnalysisMeta{
			AnalyzerVersion: a.ModelVersion, Platform: "earworm", DetailedStatus: "OK",
			Timestamp: a.AnalysedAt.Unix(), InputProcess: a.Decoder,
			AnalysisTime: (a.Cost.DecodeMS + a.Cost.ListenMS + a.Cost.NetworkMS) / 1000,
		},
		Track:    AnalysisTrack{Duration: a.DurationS, AnalysisWhole: whole, AnalysisChannels: 1},
		Bars:     stretches(a.Downbeats),
		Beats:    stretches(a.Beats),
		Sections: sections(a, f, whole),
	}
}

// stretches go from each time to the next.
func stretches(times []float32) []AnalysisStretch {
	out := make([]AnalysisStretch, len(times))
	for i, at := range times {
		out[i].Start = float64(at)
		if i+1 < len(times) {
			duration := float64(times[i+1]) - float64(at)
			out[i].Duration = &duration
		}
	}
	return out
}

// sections are those that the tempo makes. A tempo that a person gave is that
// of the whole track.
func sections(a schema.Analysis, f schema.Features, whole AnalysisWhole) []AnalysisSection {
	tempi := a.Tempo.Sections
	if len(tempi) == 0 || f.TempoBPM != a.Tempo.BPM {
		return []AnalysisSection{{AnalysisStretch{Duration: &a.DurationS}, whole}}
	}
	out := make([]AnalysisSection, len(tempi))
	for i, t := range tempi {
		end := a.DurationS
		if i+1 < len(tempi) {
			end = tempi[i+1].StartS
		}
		duration := end - t.StartS
		out[i].Start, out[i].Duration, out[i].Tempo = t.StartS, &duration, orNull(t.BPM)
	}
	return out
}
