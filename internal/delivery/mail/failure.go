package mail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"

	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/delivery/egress"
)

// step is how far a conversation came.
type step int

const (
	stepConnect step = iota
	stepGreeting
	stepTLS
	stepSignIn
	stepSender
	stepRecipient
	stepData
	stepReset
	stepQuit
)

var stepNames = map[step]string{
	stepGreeting:  "the greeting",
	stepTLS:       "STARTTLS",
	stepSignIn:    "the user name and password",
	stepSender:    "the sender",
	stepRecipient: "the recipient",
	stepData:      "the mail",
}

// Codes of RFC 5321 and RFC 4954.
const (
	codeClosing      = 421
	codeAuthRequired = 530
	codeAuthInvalid  = 535
	codeAuthNeedsTLS = 538
)

// stepError is what ended a conversation: an answer other than yes, an error of the network, or ourselves.
type stepError struct {
	step    step
	err     error
	late    bool              // the time was up, or the caller broke off
	refused *delivery.Failure // we went no further; err is nil
}

// answer is what the server said. Nil: nothing that is an answer.
func (e *stepError) answer() *textproto.Error {
	var answer *textproto.Error
	if errors.As(e.err, &answer) {
		return answer
	}
	return nil
}

// answered says that the server is there and waits for the next command.
func (e *stepError) answered() bool { return !e.late && (e.refused != nil || e.answer() != nil) }

func (e *stepError) code() int {
	if answer := e.answer(); answer != nil {
		return answer.Code
	}
	return 0
}

// closed says that the connection had ended before the server heard of the mail.
func closed(e *stepError) bool {
	return e != nil && e.step == stepSender && !e.late && (e.answer() == nil || e.code() == codeClosing)
}

// failure is the error as it is told. ctx is the caller's.
func (e *stepError) failure(ctx context.Context) *delivery.Failure {
	if e.refused != nil {
		return e.refused
	}
	if answer := e.answer(); answer != nil && !e.late {
		return e.judge(answer)
	}
	err := e.err
	if e.late {
		err = errors.Join(err, context.DeadlineExceeded)
	}
	failure := egress.Failure(ctx, err)
	if e.step == stepData {
		failure.Text += "; the server may have taken the mail"
	}
	failure.Channel = e.step < stepRecipient && failure.Reason != delivery.ReasonInterrupted
	return failure
}

// judge tells whose fault an answer is. A server that wants nothing from us does not speak of the customer:
// somebody mends that, and the mail goes out.
func (e *stepError) judge(answer *textproto.Error) *delivery.Failure {
	failure := &delivery.Failure{
		Reason:  delivery.ReasonMailDeferred,
		Text:    fmt.Sprintf("the mail server answered %s to %s", codes(answer), stepNames[e.step]),
		Channel: e.step < stepRecipient || answer.Code == codeClosing,
	}
	switch code := answer.Code; {
	case e.step == stepTLS:
		failure.Reason = delivery.ReasonTLSFailed
	case code == codeAuthRequired, code == codeAuthInvalid, code == codeAuthNeedsTLS, e.step == stepSignIn && code >= 500:
		failure.Reason, failure.Channel = delivery.ReasonCredentialsRefused, true
	case code >= 500 && e.step < stepRecipient:
		failure.Reason = delivery.ReasonSenderRefused
	case code >= 500:
		failure.Reason, failure.Permanent = delivery.ReasonMailRefused, true
	}
	return failure
}

// enhanced is the code of RFC 3463 at the head of an answer.
var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// codes are the codes of an answer, and nothing of its words: they may hold an address.
func codes(answer *textproto.Error) string {
	if more := enhanced.FindString(answer.Msg); more != "" {
		return fmt.Sprintf("%d %s", answer.Code, more)
	}
	return fmt.Sprint(answer.Code)
}
