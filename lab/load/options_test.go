package main

import (
	"io"
	"strings"
	"testing"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func parsed(t *testing.T, arguments ...string) *options {
	t.Helper()
	options, err := parse(append([]string{"--rate", "100", "--duration", "1s"}, arguments...), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return options
}

func TestWrongArgumentsAreNamed(t *testing.T) {
	for arguments, complaint := range map[string]string{
		"--rate 5 --duration 1s":                                      "no --target",
		"--rate 0 --duration 1s --target GET":                         "WEIGHT METHOD URL",
		"--rate 0 --duration 1s":                                      "--rate 0",
		"--rate 5":                                                    "--duration 0s",
		"--rate 5 --duration 1s --resolve www.example":                "HOST:ADDRESS",
		"--rate 5 --duration 1s --header x":                           "Name: value",
		"--rate 5 --duration 1s --workers 0":                          "--workers 0",
		"--rate 5 --duration 1s more":                                 `"more"`,
		"--rate 5 --duration 1s --seed 1.5":                           "seed",
		"--rate 5 --duration 1s --ids a/b --target 1_GET_http://a.b/": "--ids",
	} {
		words := strings.Fields(arguments)
		for i := range words {
			words[i] = strings.ReplaceAll(words[i], "_", " ")
		}
		if _, err := parse(words, io.Discard); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%s: %v does not name %s", arguments, err, complaint)
		}
	}
}

func TestTargetsThatAreNoneAreRefused(t *testing.T) {
	for _, text := range []string{"0 GET http://a/", "x GET http://a/", "1 GET ftp://a/", "1 GET /path", "1 GET http://a/#part"} {
		if _, err := parseTarget(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestTargetsShareTheRequestsByWeightInAnOrderThatTheSeedDecides(t *testing.T) {
	order := func(seed string) string {
		chooser := newChooser(parsed(t, "--seed", seed, "--target", "95 GET http://a/", "--target", "5 POST http://a/ text={{id}}"))
		methods := ""
		for range 2000 {
			var chosen vegeta.Target
			if err := chooser.next(&chosen); err != nil {
				t.Fatal(err)
			}
			methods += chosen.Method[:1]
		}
		return methods
	}
	if posts := strings.Count(order("3"), "P"); posts < 60 || posts > 140 {
		t.Errorf("%d of 2000 requests are POST, planned are 5%%", posts)
	}
	if order("3") != order("3") || order("3") == order("4") {
		t.Error("the order does not follow from the seed")
	}
}

func TestEachBodyIsUniqueAndItsTypeIsTold(t *testing.T) {
	chooser := newChooser(parsed(t, "--ids", "run", "--header", "X-A: b", "--target", `1 POST http://a/ {"text":"{{id}} or {{id}}"}`))
	for _, want := range []string{"run-1", "run-2"} {
		var chosen vegeta.Target
		if err := chooser.next(&chosen); err != nil {
			t.Fatal(err)
		}
		if string(chosen.Body) != `{"text":"`+want+` or `+want+`"}` || chosen.URL != "http://a/#"+want {
			t.Errorf("body %s of %s", chosen.Body, chosen.URL)
		}
		if chosen.Header.Get("Content-Type") != "application/json" || chosen.Header.Get("X-A") != "b" {
			t.Errorf("header %v", chosen.Header)
		}
	}
	if contentType("text=a") != "application/x-www-form-urlencoded" {
		t.Error("a form has another type")
	}
}
