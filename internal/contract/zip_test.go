package contract_test

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"forewarn.dev/forewarn/internal/contract"
)

func TestZipThereAndBack(t *testing.T) {
	for name, data := range map[string][]byte{"nothing": {}, "a document": []byte(orders), "zeros": make([]byte, 1<<20)} {
		t.Run(name, func(t *testing.T) {
			first, err := contract.Zip(data)
			if err != nil {
				t.Fatal(err)
			}
			if second, err := contract.Zip(data); err != nil || !bytes.Equal(first, second) {
				t.Errorf("the second time other bytes, or %v", err)
			}
			back, err := contract.Unzip(first, len(data))
			if err != nil || !bytes.Equal(back, data) {
				t.Errorf("got %d bytes and %v, want the %d that went in", len(back), err, len(data))
			}
		})
	}
}

func TestUnzipStopsAtTheLimit(t *testing.T) {
	zip := func(data []byte) []byte {
		out, err := contract.Zip(data)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	cases := map[string]struct {
		data []byte
		max  int
		want contract.Reason // empty: unpacked
	}{
		"as large as may be":     {zip(make([]byte, 1000)), 1000, ""},
		"a byte larger":          {zip(make([]byte, 1001)), 1000, contract.TooLarge},
		"100 MB in 100 kB":       {zip(make([]byte, 100<<20)), contract.MaxBytes, contract.TooLarge},
		"two pieces, too large":  {bytes.Repeat(zip(make([]byte, 600)), 2), 1000, contract.TooLarge},
		"not compressed":         {[]byte(orders), 1000, contract.Unreadable},
		"nothing":                {nil, 1000, contract.Unreadable},
		"cut short":              {zip([]byte(orders))[:40], 1000, contract.Unreadable},
		"something else behind":  {append(zip([]byte("{}")), "junk"...), 1000, contract.Unreadable},
		"a flipped bit":          {flipped(zip([]byte(orders))), 1000, contract.Unreadable},
		"no room for a document": {zip([]byte("{}")), 0, contract.TooLarge},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			out, err := contract.Unzip(tc.data, tc.max)
			runtime.ReadMemStats(&after)
			var refused *contract.Error
			if errors.As(err, &refused); (err != nil) != (tc.want != "") || refused != nil && refused.Reason != tc.want {
				t.Errorf("got %d bytes and %v, want reason %q", len(out), err, tc.want)
			}
			if taken := after.TotalAlloc - before.TotalAlloc; taken > 8*contract.MaxBytes {
				t.Errorf("%d MiB allocated", taken>>20)
			}
		})
	}
}

func flipped(data []byte) []byte {
	data[len(data)-6] ^= 1 // in the checksum
	return data
}
