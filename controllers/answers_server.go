package controllers

import (
	"context"
	"net/http"

	"sigs.k8s.io/controller-runtime/pkg/manager"

	"forewarn.dev/forewarn/internal/answer/door"
)

// addAnswers serves the port that customers answer at, on every replica.
func addAnswers(ctx context.Context, mgr manager.Manager, s shared, o Options) error {
	if o.Answers == nil {
		return nil
	}
	d := newDesk(s, mgr.GetLogger().WithName("answers"))
	return serveStrangers(ctx, mgr, "answers", o.Answers.address, answersPaths(d, o.Answers))
}

// answersPaths are all that the port has. What is added here is reached by anybody: it bounds what it reads, and knows
// by a signature whom it believes before it costs anything.
func answersPaths(d *desk, a *Answers) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(door.Path, &door.Door{Keys: a.keys.current, Now: d.clock.Now, Find: d.find, Keep: d.keep})
	mux.HandleFunc("/", door.NotFound)
	return mux
}
