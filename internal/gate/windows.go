package gate

import (
	"forewarn.dev/forewarn/internal/downtime"
	"forewarn.dev/forewarn/internal/notice"
)

// Windows are the planned downtimes of an API that customers were told of, by start: also those that are over, for what
// was down then was announced. The revision of the input does not count.
func Windows(in Input) []downtime.Window {
	if in.API == nil {
		return nil
	}
	policies, _ := owedTo(in.Policies, in.Audience) // what cannot be read owes what it did
	ledger := notice.NewLedger(in.API, in.Notices, policies)
	return ledger.Windows((&notification{NoticeInput: NoticeInput{API: in.API}}).stability, in.Now.UTC().Round(0))
}
