package feed

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// cacheFor is how long browsers and proxies may keep what they got before they ask again.
const cacheFor = "public, max-age=300"

// document is one rendered page, feed or calendar.
type document struct {
	contentType   string
	plain, zipped []byte
	// tag is the entity tag of plain, without quotes.
	tag string
	// modified is when the content became what it is, in whole seconds. Two contents never share one: whoever asks
	// by date alone could not tell them apart.
	modified time.Time
}

// replacedBy is the document with that content: d itself where it is the same.
func (d *document) replacedBy(content []byte, contentType string, now time.Time) (*document, error) {
	sum := sha256.Sum256(content)
	tag := fmt.Sprintf("%x", sum[:16])
	modified := seconds(now)
	if d != nil {
		if d.tag == tag {
			return d, nil
		}
		if !modified.After(d.modified) {
			modified = d.modified.Add(time.Second)
		}
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(content); err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	return &document{contentType: contentType, plain: content, zipped: zipped.Bytes(), tag: tag, modified: modified}, nil
}

func (d *document) serve(w http.ResponseWriter, r *http.Request) {
	header, content, tag := w.Header(), d.plain, d.tag
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		header.Set("Content-Encoding", "gzip")
		content, tag = d.zipped, d.tag+"-gzip" // other bytes, so another strong tag
	}
	header.Set("Content-Type", d.contentType)
	header.Set("Cache-Control", cacheFor)
	header.Set("Vary", "Accept-Encoding")
	header.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", d.modified, bytes.NewReader(content))
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3): what names gzip counts for more than what names all.
func acceptsGzip(values []string) bool {
	all := false
	for _, entry := range strings.Split(strings.Join(values, ","), ",") {
		coding, parameters, _ := strings.Cut(entry, ";")
		switch coding = strings.ToLower(strings.TrimSpace(coding)); coding {
		case "gzip", "x-gzip":
			return wanted(parameters)
		case "*":
			all = wanted(parameters)
		}
	}
	return all
}

// wanted says that the weight of a coding is above zero.
func wanted(parameters string) bool {
	name, value, found := strings.Cut(parameters, "=")
	if !found {
		return strings.TrimSpace(parameters) == ""
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return strings.EqualFold(strings.TrimSpace(name), "q") && err == nil && q > 0 && q <= 1
}
