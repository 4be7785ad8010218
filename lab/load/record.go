package main

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

const (
	// Of an answer so much is kept, to look for the fields that are wanted.
	bodyLimit = 4096
	textLimit = 200
)

type record struct {
	Planned int64    `json:"planned"`
	Sent    int64    `json:"sent,omitempty"`
	Latency float64  `json:"latency"`
	Method  string   `json:"method"`
	Status  uint16   `json:"status"`
	ID      string   `json:"id,omitempty"`
	Machine string   `json:"machine,omitempty"`
	Passed  []string `json:"passed,omitempty"`
	Error   string   `json:"error,omitempty"`
	Text    string   `json:"text,omitempty"`
}

// Go puts the request before its error, which the record has already.
var requestInError = regexp.MustCompile(`^[A-Z][a-z]+ "[^"]*": `)

func recordOf(result *vegeta.Result, planned time.Time) record {
	_, id, _ := strings.Cut(result.URL, "#")
	made := record{
		Planned: planned.UnixNano(), Sent: result.Timestamp.UnixNano(), Latency: milliseconds(result.End().Sub(planned)),
		Method: result.Method, Status: result.Code, ID: id,
	}
	if result.Code == 0 {
		made.Error = limited(requestInError.ReplaceAllString(result.Error, ""))
		return made
	}
	made.Machine, made.Passed = fields(result.Body)
	if result.Code >= 400 {
		made.Text = limited(string(result.Body))
	}
	return made
}

// unsent is the record of a request whose time came while all workers were busy, and passed.
func unsent(planned time.Time, after time.Duration) record {
	return record{Planned: planned.UnixNano(), Latency: milliseconds(after), Error: "not sent: all workers were busy"}
}

// fields reads `machine` and `passed` of a JSON object, of which the end may be missing.
func fields(body []byte) (machine string, passed []string) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return "", nil
	}
	for decoder.More() && (machine == "" || passed == nil) {
		key, err := decoder.Token()
		if err != nil {
			break
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			break
		}
		switch key {
		case "machine":
			_ = json.Unmarshal(value, &machine)
		case "passed":
			_ = json.Unmarshal(value, &passed)
		}
	}
	return machine, passed
}

func limited(text string) string {
	if len(text) > textLimit {
		text = text[:textLimit]
	}
	return strings.ToValidUTF8(text, "")
}

// milliseconds with three digits after the point: more were noise.
func milliseconds(given time.Duration) float64 {
	return math.Round(float64(given)/1e3) / 1e3
}
