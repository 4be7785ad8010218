package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// placeholder in a body stands for what is unique to each request.
const placeholder = "{{id}}"

type target struct {
	weight float64
	method string
	url    string
	body   string
}

func parseTarget(text string) (target, error) {
	parts := strings.SplitN(strings.TrimSpace(text), " ", 4)
	if len(parts) < 3 {
		return target{}, fmt.Errorf("must be 'WEIGHT METHOD URL [BODY]'")
	}
	weight, err := strconv.ParseFloat(parts[0], 64)
	if err != nil || !(weight > 0) {
		return target{}, fmt.Errorf("weight %q: must be a number above 0", parts[0])
	}
	parsed, err := url.Parse(parts[2])
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Fragment != "" {
		return target{}, fmt.Errorf("URL %q: must be http://HOST/... or https://HOST/... without a fragment", parts[2])
	}
	made := target{weight: weight, method: parts[1], url: parts[2]}
	if len(parts) == 4 {
		made.body = parts[3]
	}
	return made, nil
}

// chooser hands out targets by weight, in an order that the seed decides.
type chooser struct {
	mutex   sync.Mutex
	targets []target
	total   float64
	header  http.Header
	random  *rand.Rand
	ids     string
	count   uint64
}

func newChooser(o *options) *chooser {
	made := &chooser{targets: o.targets, header: o.header, ids: o.ids, random: random(o.seed, "targets")}
	for _, one := range o.targets {
		made.total += one.weight
	}
	return made
}

func (c *chooser) next(to *vegeta.Target) error {
	c.mutex.Lock()
	chosen := c.choose()
	unique := ""
	if strings.Contains(chosen.body, placeholder) {
		c.count++
		unique = c.ids + "-" + strconv.FormatUint(c.count, 10)
	}
	c.mutex.Unlock()
	to.Method, to.URL = chosen.method, chosen.url
	to.Header = c.header
	if chosen.body == "" {
		return nil
	}
	to.Body = []byte(chosen.body)
	to.Header = c.header.Clone()
	if to.Header.Get("Content-Type") == "" {
		to.Header.Set("Content-Type", contentType(chosen.body))
	}
	if unique != "" {
		to.Body = []byte(strings.ReplaceAll(chosen.body, placeholder, unique))
		// A fragment is never sent: it takes the ID to the request's result, which knows nothing else of the request.
		to.URL += "#" + unique
	}
	return nil
}

func (c *chooser) choose() target {
	at := c.random.Float64() * c.total
	for _, one := range c.targets {
		if at -= one.weight; at < 0 {
			return one
		}
	}
	return c.targets[len(c.targets)-1]
}

func contentType(body string) string {
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		return "application/json"
	}
	return "application/x-www-form-urlencoded"
}
