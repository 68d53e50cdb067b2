package v1alpha1

// Names that people and other programs write on objects of their own.
const (
	// RevisionAnnotation, on a pod template, names the APIRevision that the
	// pods carry: one name for each API they serve, separated by commas.
	RevisionAnnotation = "forewarn.dev/revision"

	// APILabel, on a ConfigMap, makes it a proposal: forewarn creates the
	// APIRevision of the same name from its keys. Its value names the API.
	APILabel = "forewarn.dev/api"

	// GovernedLabel, on a namespace, says that rollouts in it are judged.
	// Only forewarn writes it.
	GovernedLabel = "forewarn.dev/governed"

	// ExpiringLabel, on a governed namespace, is "false" where no admission
	// ends by itself, so that the API server need not ask for its clock, and
	// otherwise "true". Only forewarn writes it.
	ExpiringLabel = "forewarn.dev/expiring"

	// WarningLabel and AuditingLabel, on a governed namespace, are "false" where
	// the enforcement Warn, or Audit, is in force for no API, so that the API
	// server need not look at its gate, and otherwise "true". Only forewarn
	// writes them.
	WarningLabel  = "forewarn.dev/warning"
	AuditingLabel = "forewarn.dev/auditing"

	// UntilAnnotationPrefix, on a namespace and followed by the name of an
	// APIRevision, holds the moment (RFC 3339) at which its admission ends.
	// The API server compares it with its own clock. Only forewarn writes it.
	UntilAnnotationPrefix = "until.forewarn.dev/"

	// DigestAnnotation, on an APIRevision, is the digest that its name was
	// made from. One that differs from what was judged is refused.
	DigestAnnotation = "forewarn.dev/digest"

	// ConfirmDeleteAnnotation, on a CustomResourceDefinition of forewarn,
	// must hold its name before it can be deleted, with all its objects.
	ConfirmDeleteAnnotation = "forewarn.dev/confirm-delete"

	// ConfirmChangeAnnotation, on a CustomResourceDefinition of forewarn,
	// must hold its name where a change ends that a version is served, or
	// that its status is written apart from the rest.
	ConfirmChangeAnnotation = "forewarn.dev/confirm-change"

	// LoosenedAnnotation, on a CustomerAPI, names the policies that were
	// loosened and are to bind it no more at once, as status.policies has them,
	// separated by commas: "public-apis@3f2a9c1b". Setting it needs the verb "approve".
	LoosenedAnnotation = "forewarn.dev/loosened"

	// ScheduleLabel, on a ChangeNotice, names the DeprecationSchedule that made
	// it. Only forewarn writes it.
	ScheduleLabel = "forewarn.dev/schedule"

	// ScheduleUIDAnnotation, on a ChangeNotice, tells the DeprecationSchedule that
	// made it from one that had the name before. Only forewarn writes it.
	ScheduleUIDAnnotation = "forewarn.dev/schedule-uid"

	// BudgetLabel, on a ChangeNotice, names the DowntimeBudget for which forewarn
	// drafted it.
	BudgetLabel = "forewarn.dev/budget"

	// DraftedAnnotation, on a ChangeNotice that forewarn drafted, is the digest
	// of what it drafted. Whatever differs from that was edited, and is let be.
	DraftedAnnotation = "forewarn.dev/drafted"

	// FixesAnnotation, on a pod template, names the DowntimeBudgets that this
	// rollout is to mend, separated by commas: "orders-slo", or "orders-slo@2"
	// to mend it once more. Setting it needs the verb "approve" on each.
	FixesAnnotation = "forewarn.dev/fixes"

	// WindowAnnotationPrefix, on a namespace and followed by the name of a
	// CustomerAPI, holds the moment (RFC 3339) at which its planned downtime
	// ends, and what may be taken down until then. The API server compares it
	// with its own clock. Only forewarn writes it.
	WindowAnnotationPrefix = "window.forewarn.dev/"

	// ListedAtAnnotation, on a Secret with a list of customers, is the moment
	// (RFC 3339) at which the list was written.
	ListedAtAnnotation = "forewarn.dev/listed-at"

	// RehearsalLabel, on the namespace of forewarn itself, marks a cluster
	// as one in which the clock may be moved on (--clock-offset).
	RehearsalLabel = "forewarn.dev/rehearsal"
)
