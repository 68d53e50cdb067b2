package delivery

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// frame is what stands around the words of a notice, in one language. %s is a date or a name, or how many days are left.
type frame struct {
	// Before the subject.
	reminder, postponed, updated, withdrawn, superseded, inForce string
	// The second line: when.
	when, until, before, planned, announced, colon, otherwise string
	// Why the customer is told now.
	isFirst, isReminder, isLater, isPostponed, isUpdated, isWithdrawn, isReplaced, isReplacedBy, isInForce string
	// Of an apology: its date, why the customer is told, and its headings.
	promised, isApology, isTakenBack, happened, next string
	// Headings.
	wouldChange, changes, toDo, versions, operations, updates, help, all string
	// How to answer: the heading, and what stands before and after the link.
	tellUs, answer, whoever string
	// The end.
	notice, published, reference string
	// Days left: none, less than one, one, more.
	come, less, oneDay, days string

	months, weekdays []string
	// date writes the day of the month, the month and the year; dated puts the day of the week before it.
	date  func(day int, month string, year int) string
	dated string
}

func names(s string) []string { return strings.Split(s, " ") }

// frames are by language.
var frames = map[string]*frame{
	"en": {
		reminder: "Reminder, %s: ", postponed: "Postponed to %s: ", updated: "Updated: ", withdrawn: "Withdrawn: ", superseded: "Replaced: ", inForce: "Now in force: ",
		when: "When", until: "Until", before: "Before", planned: "Was planned for", announced: "Announced for", colon: ": ", otherwise: ", which is ",
		isFirst: "This is the first notice of this change.", isReminder: "This is a reminder: %s.",
		isLater: "The change comes later than you were told.", isPostponed: "The change was postponed from %s to %s.",
		isUpdated: "Something was added to what you were told.", isWithdrawn: "This change was withdrawn. It does not come.",
		isReplaced:   "Another notice replaces this one. What holds is what that one says.",
		isReplacedBy: "The notice %s replaces this one. What holds is what that one says.", isInForce: "This change is in force now.",
		promised: "Longer than promised since", isApology: "This is about a downtime that nobody told you of before.",
		isTakenBack: "This message was withdrawn. What it said does not hold.", happened: "What happened", next: "What happens next",
		wouldChange: "What would have changed", changes: "What changes", toDo: "What to do", versions: "Versions", operations: "Operations",
		updates: "Updates", help: "Help", all: "All notices of this API",
		tellUs: "Tell us", answer: "Have you understood, or do you need more time? Answer here:", whoever: "Whoever has this link can answer in your place.",
		notice: "Notice %s", published: ", published %s", reference: "Reference %s",
		come: "the day has come", less: "less than a day left", oneDay: "1 day left", days: "%d days left",
		months:   names("January February March April May June July August September October November December"),
		weekdays: names("Sunday Monday Tuesday Wednesday Thursday Friday Saturday"),
		date:     func(day int, month string, year int) string { return fmt.Sprintf("%d %s %d", day, month, year) }, dated: "%s, %s",
	},
	"de": {
		reminder: "Erinnerung, %s: ", postponed: "Verschoben auf den %s: ", updated: "Ergänzt: ", withdrawn: "Zurückgenommen: ", superseded: "Ersetzt: ", inForce: "Jetzt in Kraft: ",
		when: "Wann", until: "Bis", before: "Vorher", planned: "War geplant für", announced: "Angekündigt für", colon: ": ", otherwise: ", das ist ",
		isFirst: "Das ist die erste Nachricht über diese Änderung.", isReminder: "Das ist eine Erinnerung: %s.",
		isLater: "Die Änderung kommt später, als wir Ihnen gesagt haben.", isPostponed: "Die Änderung wurde vom %s auf den %s verschoben.",
		isUpdated: "Zu dem, was wir Ihnen gesagt haben, ist etwas hinzugekommen.", isWithdrawn: "Diese Änderung wurde zurückgenommen. Sie kommt nicht.",
		isReplaced:   "Eine andere Nachricht ersetzt diese. Es gilt, was dort steht.",
		isReplacedBy: "Die Nachricht %s ersetzt diese. Es gilt, was dort steht.", isInForce: "Diese Änderung ist jetzt in Kraft.",
		promised: "Länger als versprochen seit", isApology: "Es geht um eine Störung, die Ihnen niemand angekündigt hatte.",
		isTakenBack: "Diese Nachricht wurde zurückgenommen. Was darin stand, gilt nicht.", happened: "Was geschehen ist", next: "Wie es weitergeht",
		wouldChange: "Was sich geändert hätte", changes: "Was sich ändert", toDo: "Was zu tun ist", versions: "Versionen", operations: "Operationen",
		updates: "Ergänzungen", help: "Hilfe", all: "Alle Nachrichten zu dieser API",
		tellUs: "Ihre Antwort", answer: "Haben Sie verstanden, oder brauchen Sie mehr Zeit? Antworten Sie hier:", whoever: "Wer diesen Link hat, kann an Ihrer Stelle antworten.",
		notice: "Nachricht %s", published: ", veröffentlicht %s", reference: "Kennung %s",
		come: "der Tag ist da", less: "noch weniger als ein Tag", oneDay: "noch 1 Tag", days: "noch %d Tage",
		months:   names("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
		weekdays: names("Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag"),
		date:     func(day int, month string, year int) string { return fmt.Sprintf("%d. %s %d", day, month, year) }, dated: "%s, %s",
	},
	"fr": {
		reminder: "Rappel, %s : ", postponed: "Reporté au %s : ", updated: "Complété : ", withdrawn: "Retiré : ", superseded: "Remplacé : ", inForce: "Désormais en vigueur : ",
		when: "Quand", until: "Jusqu'à", before: "Avant", planned: "Était prévu pour", announced: "Annoncé pour", colon: " : ", otherwise: ", soit ",
		isFirst: "Ceci est le premier avis de ce changement.", isReminder: "Ceci est un rappel : %s.",
		isLater: "Le changement vient plus tard que nous vous l'avions annoncé.", isPostponed: "Le changement est reporté du %s au %s.",
		isUpdated: "Quelque chose a été ajouté à ce que nous vous avions annoncé.", isWithdrawn: "Ce changement est retiré. Il n'aura pas lieu.",
		isReplaced:   "Un autre avis remplace celui-ci. C'est l'autre qui fait foi.",
		isReplacedBy: "L'avis %s remplace celui-ci. C'est l'autre qui fait foi.", isInForce: "Ce changement est désormais en vigueur.",
		promised: "Plus longtemps que promis depuis", isApology: "Il s'agit d'une panne que personne ne vous avait annoncée.",
		isTakenBack: "Cet avis est retiré. Ce qu'il disait ne vaut plus.", happened: "Ce qui s'est passé", next: "La suite",
		wouldChange: "Ce qui aurait changé", changes: "Ce qui change", toDo: "Ce qu'il faut faire", versions: "Versions", operations: "Opérations",
		updates: "Compléments", help: "Aide", all: "Tous les avis de cette API",
		tellUs: "Votre réponse", answer: "Avez-vous compris, ou vous faut-il plus de temps ? Répondez ici :", whoever: "Quiconque a ce lien peut répondre à votre place.",
		notice: "Avis %s", published: ", publié %s", reference: "Référence %s",
		come: "le jour est venu", less: "il reste moins d'un jour", oneDay: "il reste 1 jour", days: "il reste %d jours",
		months:   names("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
		weekdays: names("dimanche lundi mardi mercredi jeudi vendredi samedi"),
		date: func(day int, month string, year int) string {
			if day == 1 {
				return fmt.Sprintf("1er %s %d", month, year)
			}
			return fmt.Sprintf("%d %s %d", day, month, year)
		}, dated: "%s %s",
	},
	"es": {
		reminder: "Recordatorio, %s: ", postponed: "Aplazado al %s: ", updated: "Ampliado: ", withdrawn: "Retirado: ", superseded: "Sustituido: ", inForce: "Ya en vigor: ",
		when: "Cuándo", until: "Hasta", before: "Antes", planned: "Estaba previsto para", announced: "Anunciado para", colon: ": ", otherwise: ", es decir, ",
		isFirst: "Este es el primer aviso de este cambio.", isReminder: "Este es un recordatorio: %s.",
		isLater: "El cambio llega más tarde de lo que se anunció.", isPostponed: "El cambio se aplaza del %s al %s.",
		isUpdated: "Se ha añadido algo a lo que se anunció.", isWithdrawn: "Este cambio se ha retirado. No llegará.",
		isReplaced:   "Otro aviso sustituye a este. Vale lo que dice el otro.",
		isReplacedBy: "El aviso %s sustituye a este. Vale lo que dice el otro.", isInForce: "Este cambio ya está en vigor.",
		promised: "Más tiempo de lo prometido desde", isApology: "Se trata de una caída que nadie le había anunciado.",
		isTakenBack: "Este aviso se ha retirado. Lo que decía ya no vale.", happened: "Qué ocurrió", next: "Qué pasará ahora",
		wouldChange: "Qué habría cambiado", changes: "Qué cambia", toDo: "Qué hacer", versions: "Versiones", operations: "Operaciones",
		updates: "Ampliaciones", help: "Ayuda", all: "Todos los avisos de esta API",
		tellUs: "Su respuesta", answer: "¿Lo ha entendido o necesita más tiempo? Responda aquí:", whoever: "Quien tenga este enlace puede responder en su lugar.",
		notice: "Aviso %s", published: ", publicado %s", reference: "Referencia %s",
		come: "ha llegado el día", less: "queda menos de un día", oneDay: "queda 1 día", days: "quedan %d días",
		months:   names("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
		weekdays: names("domingo lunes martes miércoles jueves viernes sábado"),
		date:     func(day int, month string, year int) string { return fmt.Sprintf("%d de %s de %d", day, month, year) }, dated: "%s, %s",
	},
}

const frameLanguage = "en"

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// frameOf is the frame in the language of a notice's words, and in English where there is none.
func frameOf(locale string) *frame {
	base, _, _ := strings.Cut(strings.ToLower(locale), "-")
	if f := frames[base]; f != nil {
		return f
	}
	return frames[frameLanguage]
}

// Languages are those that a letter is written in, as RFC 3282 lists them: that of the notice's words first and, where
// it is another one, that of what stands around them.
func Languages(m Message) string {
	locale := m.Notice.Locale
	if len(locale) > 35 || !languageTag.MatchString(locale) { // it is a header
		return frameLanguage
	}
	if base, _, _ := strings.Cut(strings.ToLower(locale), "-"); frames[base] == nil {
		return locale + ", " + frameLanguage
	}
	return locale
}

func (f *frame) day(t time.Time) string {
	return f.date(t.Day(), f.months[t.Month()-1], t.Year())
}

// moment is a date with the day of the week and the time.
func (f *frame) moment(t time.Time) string {
	return fmt.Sprintf(f.dated, f.weekdays[t.Weekday()], f.day(t)) + ", " + t.Format(time.TimeOnly)
}

// left is how many days are left.
func (f *frame) left(days int) string {
	switch days {
	case 0:
		return f.less
	case 1:
		return f.oneDay
	}
	return fmt.Sprintf(f.days, days)
}
