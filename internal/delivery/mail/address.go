package mail

import (
	"errors"
	"net/mail"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"forewarn.dev/forewarn/internal/delivery"
)

// maxAddress is the length of an address in bytes (RFC 5321, section 4.5.3.1.3, without the brackets).
const maxAddress = 254

var errAddress = errors.New("not an address")

// bare reads an address that stands alone. It takes less than RFC 5321 permits: no quotes, no comments, no
// address literals, nothing that is not printed. The domain comes back in ASCII (RFC 5891).
func bare(address string) (string, error) {
	if len(address) > maxAddress || !printed(address) || strings.ContainsAny(address, ` <>"(),:;\[]`) {
		return "", errAddress
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address {
		return "", errAddress
	}
	at := strings.LastIndexByte(address, '@')
	ascii, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil || ascii == "" {
		return "", errAddress
	}
	return address[:at+1] + ascii, nil
}

// named reads an address that may have a name before it, as an operator writes it.
func named(address string) (*mail.Address, error) {
	if !printed(address) {
		return nil, errAddress
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil {
		return nil, errAddress
	}
	if parsed.Address, err = bare(parsed.Address); err != nil {
		return nil, err
	}
	return parsed, nil
}

func printed(s string) bool {
	for _, r := range s {
		if !strconv.IsPrint(r) {
			return false
		}
	}
	return true
}

// ascii says that an address needs no SMTPUTF8 (RFC 6531).
func ascii(address string) bool {
	for i := range len(address) {
		if address[i] >= 0x80 {
			return false
		}
	}
	return true
}

func unusable(text string) *delivery.Failure {
	return &delivery.Failure{Reason: delivery.ReasonAddressInvalid, Text: text, Permanent: true}
}
