package v1alpha1

// ContentRules say what a notice must be before customers are told.
// +kubebuilder:validation:XValidation:rule="!(has(self.bannedPhrases) || has(self.allowedPhrases)) || has(self.rules) && 'Phrasing' in self.rules",message="bannedPhrases and allowedPhrases go with the rule Phrasing: add it to rules"
// +kubebuilder:validation:MinProperties=1
type ContentRules struct {
	// rules are the rules that the texts of a notice have to keep, for example
	// [DateInTitle, ChangeInTitle, WhatToDo, Help, Locales, Phrasing]. Left out,
	// none has to be.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=6
	Rules []ContentRule `json:"rules,omitempty"`

	// bannedPhrases are phrases that must stand in no text, beside those of
	// blame, threats and false urgency that Phrasing knows, for example "as you
	// surely know". Case and punctuation do not matter.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=200
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=100
	BannedPhrases []string `json:"bannedPhrases,omitempty"`

	// allowedPhrases are phrases that Phrasing knows and that may stand in a
	// text all the same, for example "last chance".
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=200
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=100
	AllowedPhrases []string `json:"allowedPhrases,omitempty"`

	// roles say which contacts are told of which class of change. A class that
	// is left out concerns all of them.
	// +optional
	// +listType=map
	// +listMapKey=class
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Roles []ClassRoles `json:"roles,omitempty"`

	// quietHours are the hours, by the clock of each customer, in which nothing
	// is published. Left out, there are none.
	// +optional
	QuietHours QuietHours `json:"quietHours,omitzero"`
}

// ContentRule is a rule that the texts of a notice have to keep.
//
// +kubebuilder:validation:Enum=DateInTitle;ChangeInTitle;WhatToDo;Help;Locales;Phrasing
type ContentRule string

// Content rules. Roles and QuietHours are named like them where they are broken.
const (
	// ContentDateInTitle: each title names the date of the change.
	ContentDateInTitle ContentRule = "DateInTitle"
	// ContentChangeInTitle: each title names something of what changes.
	ContentChangeInTitle ContentRule = "ChangeInTitle"
	// ContentWhatToDo: each text says what to do.
	ContentWhatToDo ContentRule = "WhatToDo"
	// ContentHelp: there is a way to get help.
	ContentHelp ContentRule = "Help"
	// ContentLocales: there is a text in each language that customers read.
	ContentLocales ContentRule = "Locales"
	// ContentPhrasing: no text blames, threatens or hurries.
	ContentPhrasing ContentRule = "Phrasing"
	// ContentRoles: nobody is told whom the change does not concern.
	ContentRoles ContentRule = "Roles"
)

// ClassRoles are the contacts whom a class of change concerns.
type ClassRoles struct {
	// class is the class of change, for example "Price".
	// +required
	Class ChangeClass `json:"class,omitempty"`

	// roles are the roles of the contacts who are told of it, for example
	// [Billing].
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Roles []ContactRole `json:"roles,omitempty"`
}

// QuietHours are hours in which customers are left alone.
// +kubebuilder:validation:XValidation:rule="self.from != self.to",message="from and to are the same: quiet hours begin at one time and end at another"
type QuietHours struct {
	// from is the time at which they begin, for example "20:00".
	// +required
	From ClockTime `json:"from,omitempty"`

	// to is the time at which they end, on the next day where it is earlier than
	// from, for example "08:00".
	// +required
	To ClockTime `json:"to,omitempty"`

	// wholeDays are days that are quiet from midnight to midnight: Weekends, or
	// the Holidays of the customer. Left out, none is.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	WholeDays []QuietDays `json:"wholeDays,omitempty"`
}

// ClockTime is a time of the day, for example "20:00".
//
// +kubebuilder:validation:MinLength=5
// +kubebuilder:validation:MaxLength=5
// +kubebuilder:validation:Pattern=`^([01][0-9]|2[0-3]):[0-5][0-9]$`
type ClockTime string

// QuietDays are days that are quiet as a whole.
//
// +kubebuilder:validation:Enum=Weekends;Holidays
type QuietDays string

// Quiet days.
const (
	QuietWeekends QuietDays = "Weekends"
	QuietHolidays QuietDays = "Holidays"
)

// Locale is a language as a BCP 47 tag, for example "de-AT".
//
// +kubebuilder:validation:MinLength=2
// +kubebuilder:validation:MaxLength=35
// +kubebuilder:validation:Pattern=`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`
type Locale string

// NoticeTranslation is the text of a notice in another language.
type NoticeTranslation struct {
	// locale is the language, as a BCP 47 tag, for example "de".
	// +required
	Locale Locale `json:"locale,omitempty"`

	// title says what changes and from when.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	Title string `json:"title,omitempty"`

	// whatChanges says what customers will notice.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	WhatChanges string `json:"whatChanges,omitempty"`

	// whatToDo says what customers have to do, and by when.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	WhatToDo string `json:"whatToDo,omitempty"`
}

// NoticeUpdate is a clarification of a published notice.
type NoticeUpdate struct {
	// text is what customers are told in addition.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	Text string `json:"text,omitempty"`

	// locale is the language of the text, as a BCP 47 tag, for example "de".
	// Left out, it is that of the notice.
	// +optional
	Locale Locale `json:"locale,omitempty"`

	// answers says what the update settles: with Objections those that
	// customers raised before it was published. Left out, it settles nothing.
	// +optional
	Answers UpdateAnswers `json:"answers,omitempty"`
}

// UpdateAnswers is what an update of a notice settles.
//
// +kubebuilder:validation:Enum=Objections
type UpdateAnswers string

// AnswersObjections says that the objections that customers raised before are answered.
const AnswersObjections UpdateAnswers = "Objections"

// CustomerLocale is a language that some customers read.
type CustomerLocale struct {
	// locale is the language as a BCP 47 tag, for example "de-AT". "und" stands
	// for what is none. Left out, it is not known.
	// +optional
	Locale Locale `json:"locale,omitempty"`

	// customers is their number.
	// +required
	// +kubebuilder:validation:Minimum=1
	Customers int32 `json:"customers,omitempty"`
}
