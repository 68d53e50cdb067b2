package content

import (
	"regexp"
	"strings"
	"unicode"
)

var (
	webAddress  = regexp.MustCompile(`(?i)\bhttps?://[\p{L}\d]([-.\p{L}\d]*[\p{L}\d])?(:\d+)?(/|\?|#|\s|[).,;>]|$)`)
	mailAddress = regexp.MustCompile(`[^\s@<>(),;:]+@[\p{L}\d]([-\p{L}\d]*[\p{L}\d])?(\.[\p{L}\d]([-\p{L}\d]*[\p{L}\d])?)+`)
	telephone   = regexp.MustCompile(`\+?[\d(][-\d\s()./]{5,}\d`)
)

// fewestDigits is how short a telephone number can be: an extension alone reaches nobody from outside.
const fewestDigits = 7

// leadsSomewhere says that there is an address or a number in the text by which somebody can be reached. Whether anybody
// answers there is not known here.
func leadsSomewhere(help string) bool {
	if webAddress.MatchString(help) || mailAddress.MatchString(help) {
		return true
	}
	for _, number := range telephone.FindAllString(help, -1) {
		if digits := strings.Map(onlyDigits, number); len(digits) >= fewestDigits {
			return true
		}
	}
	return false
}

func onlyDigits(r rune) rune {
	if unicode.IsDigit(r) {
		return r
	}
	return -1
}
