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
	log := mgr.GetLogger().WithName("answers")
	paths := answersPaths(newDesk(s, log), o.Answers)
	paths.Handle("/bounces/", newBounces(s, o.Own, log))
	return serveStrangers(ctx, mgr, "answers", o.Answers.address, paths)
}

// answersPaths are those that links lead to, and nothing for all others. What is added here is reached by anybody: it bounds what it reads, and knows
// by a signature whom it believes before it costs anything.
func answersPaths(d *desk, a *Answers) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle(door.Path, &door.Door{Keys: a.keys.current, Now: d.clock.Now, Find: d.find, Keep: d.keep})
	mux.HandleFunc("/", door.NotFound)
	return mux
}
