package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Digest is the digest of what is frozen once a notice is published: all but its state, its date, which can
// move to later, and the updates, which can be added to.
func Digest(spec *v1alpha1.ChangeNoticeSpec) v1alpha1.Digest {
	frozen := *spec
	frozen.State = ""
	frozen.EffectiveTime = nil
	frozen.Updates = nil
	document, err := json.Marshal(frozen)
	if err != nil {
		panic(fmt.Sprintf("a struct of strings was not encoded: %v", err))
	}
	sum := sha256.Sum256(document)
	return v1alpha1.Digest(hex.EncodeToString(sum[:]))
}
