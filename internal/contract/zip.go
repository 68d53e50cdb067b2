package contract

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// Zip compresses a document. The same document gives the same bytes: no name, no time.
func Zip(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	return out.Bytes(), nil
}

// Unzip unpacks a gzip document of at most limit bytes, and stops there: a few bytes can stand for
// gigabytes. The error is an *Error.
func Unzip(data []byte, limit int) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, corrupt(err)
	}
	out, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if len(out) > limit {
		return nil, finding.Refuse(TooLarge, "", fmt.Sprintf("unpacked, the document has more than %d bytes", limit), "split it into several APIs, or leave out what is not for customers")
	}
	if err != nil {
		return nil, corrupt(err)
	}
	return out, nil
}

func corrupt(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return finding.Refuse(Unreadable, "", fmt.Sprintf("cannot unpack the document: %v", err), "compress it with gzip")
}
