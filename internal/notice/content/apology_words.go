package content

import (
	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// apologyWords are what an apology is written with, in one language.
type apologyWords struct {
	language string
	// foreign says that the customers' language is another one, which nobody here speaks.
	foreign bool
	// title takes the day and the API; sorry the API, the window, how long it was down and how long was promised.
	title, sorry string
	// times takes the time zone, more a number, since a time, until a time and a length, days a number.
	times, more, since, until string
	days, oneDay, month       string
	next, translate           string
	// hours, minutes and seconds: one, and others.
	units, manyUnits [3]string
	states           map[v1alpha1.Availability]string
	causes           map[v1alpha1.DowntimeCause]string
}

const apologyLanguage = "en"

// apologyIn are the words of a language, and those of English where there are none.
func apologyIn(locale string) apologyWords {
	if locale == "" {
		locale = apologyLanguage
	}
	if words, known := apologies[baseOf(locale)]; known {
		return words
	}
	words := apologies[apologyLanguage]
	words.foreign = true
	return words
}

var apologies = map[string]apologyWords{
	"en": {
		language: "en",
		title:    "On %s the %s had been down for longer than we promised",
		sorry:    "We are sorry. The %s did not work as we promised you: %s it was down for %s, and we promised %s at most.",
		times:    "These are the times (time zone %s):", more: "%d times before these", since: "since %s", until: " until %s (%s)",
		days: "in the last %d days", oneDay: "in the last 24 hours", month: "in this month",
		next:      "Say what is done so that it does not happen again, and what customers get.",
		translate: "Translate what forewarn wrote.",
		units:     [3]string{"hour", "minute", "second"}, manyUnits: [3]string{"hours", "minutes", "seconds"},
		states: map[v1alpha1.Availability]string{
			v1alpha1.AvailabilityDown: "it did not answer", v1alpha1.AvailabilityDegraded: "too little of it was there",
			v1alpha1.AvailabilityUnobserved: "we do not know whether it answered",
		},
		causes: map[v1alpha1.DowntimeCause]string{
			v1alpha1.CauseRollout: "while we brought out a new version", v1alpha1.CauseDrain: "while we did maintenance on our servers",
			v1alpha1.CauseNodeLost: "because a server failed", v1alpha1.CauseScaledDown: "because too few of its parts were running",
			v1alpha1.CauseBrownout: "because we had switched it off", v1alpha1.CauseTraffic: "because requests were led elsewhere",
			v1alpha1.CauseUnknown: "and we do not know yet why",
		},
	},
	"de": {
		language: "de",
		title:    "Am %s war %s länger gestört, als wir versprochen hatten",
		sorry:    "Es tut uns leid. %s lief nicht so, wie wir es Ihnen versprochen hatten: Die Störungen dauerten %s %s, versprochen hatten wir höchstens %s.",
		times:    "Das sind die Zeiten (Zeitzone %s):", more: "%d Zeiten vor diesen", since: "seit %s", until: " bis %s (%s)",
		days: "in den letzten %d Tagen", oneDay: "in den letzten 24 Stunden", month: "in diesem Monat",
		next:      "Schreiben Sie, was geschieht, damit es nicht wieder vorkommt, und was die Kunden bekommen.",
		translate: "Übersetzen Sie, was forewarn geschrieben hat.",
		units:     [3]string{"Stunde", "Minute", "Sekunde"}, manyUnits: [3]string{"Stunden", "Minuten", "Sekunden"},
		states: map[v1alpha1.Availability]string{
			v1alpha1.AvailabilityDown: "keine Antwort", v1alpha1.AvailabilityDegraded: "es lief zu wenig davon",
			v1alpha1.AvailabilityUnobserved: "wir wissen nicht, ob Antworten kamen",
		},
		causes: map[v1alpha1.DowntimeCause]string{
			v1alpha1.CauseRollout: "während wir eine neue Version herausbrachten", v1alpha1.CauseDrain: "während wir unsere Server warteten",
			v1alpha1.CauseNodeLost: "weil ein Server ausfiel", v1alpha1.CauseScaledDown: "weil zu wenige Teile liefen",
			v1alpha1.CauseBrownout: "weil wir abgeschaltet hatten", v1alpha1.CauseTraffic: "weil Anfragen anderswohin geleitet wurden",
			v1alpha1.CauseUnknown: "und wir wissen noch nicht, warum",
		},
	},
	"fr": {
		language: "fr",
		title:    "Le %s, %s avait été en panne plus longtemps que promis",
		sorry:    "Nous sommes désolés. %s n'a pas fonctionné comme nous vous l'avions promis : %s, les pannes ont duré %s, et nous avions promis %s au plus.",
		times:    "En voici les moments (fuseau horaire %s) :", more: "%d autres auparavant", since: "depuis le %s", until: " jusqu'à %s (%s)",
		days: "au cours des %d derniers jours", oneDay: "au cours des dernières 24 heures", month: "ce mois-ci",
		next:      "Dites ce qui est fait pour que cela ne se reproduise pas, et ce que les clients reçoivent.",
		translate: "Traduisez ce que forewarn a écrit.",
		units:     [3]string{"heure", "minute", "seconde"}, manyUnits: [3]string{"heures", "minutes", "secondes"},
		states: map[v1alpha1.Availability]string{
			v1alpha1.AvailabilityDown: "aucune réponse", v1alpha1.AvailabilityDegraded: "trop peu d'instances",
			v1alpha1.AvailabilityUnobserved: "nous ne savons pas s'il y avait des réponses",
		},
		causes: map[v1alpha1.DowntimeCause]string{
			v1alpha1.CauseRollout: "pendant la mise en service d'une nouvelle version", v1alpha1.CauseDrain: "pendant l'entretien de nos serveurs",
			v1alpha1.CauseNodeLost: "parce qu'un serveur est tombé en panne", v1alpha1.CauseScaledDown: "parce que trop peu d'instances fonctionnaient",
			v1alpha1.CauseBrownout: "parce que nous l'avions coupé", v1alpha1.CauseTraffic: "parce que les requêtes étaient dirigées ailleurs",
			v1alpha1.CauseUnknown: "et nous ne savons pas encore pourquoi",
		},
	},
	"es": {
		language: "es",
		title:    "El %s, %s llevaba más tiempo caída de lo prometido",
		sorry:    "Lo sentimos. %s no funcionó como le habíamos prometido: %s, las caídas duraron %s, y habíamos prometido %s como máximo.",
		times:    "Estos son los momentos (zona horaria %s):", more: "%d más antes de estos", since: "desde el %s", until: " hasta %s (%s)",
		days: "en los últimos %d días", oneDay: "en las últimas 24 horas", month: "este mes",
		next:      "Diga qué se hace para que no vuelva a ocurrir, y qué reciben los clientes.",
		translate: "Traduzca lo que forewarn ha escrito.",
		units:     [3]string{"hora", "minuto", "segundo"}, manyUnits: [3]string{"horas", "minutos", "segundos"},
		states: map[v1alpha1.Availability]string{
			v1alpha1.AvailabilityDown: "sin respuesta", v1alpha1.AvailabilityDegraded: "con muy pocas instancias",
			v1alpha1.AvailabilityUnobserved: "no sabemos si hubo respuestas",
		},
		causes: map[v1alpha1.DowntimeCause]string{
			v1alpha1.CauseRollout: "mientras se publicaba una versión nueva", v1alpha1.CauseDrain: "durante el mantenimiento de nuestros servidores",
			v1alpha1.CauseNodeLost: "porque falló un servidor", v1alpha1.CauseScaledDown: "porque funcionaban muy pocas instancias",
			v1alpha1.CauseBrownout: "porque la habíamos apagado", v1alpha1.CauseTraffic: "porque las solicitudes iban a otro lugar",
			v1alpha1.CauseUnknown: "y aún no sabemos por qué",
		},
	},
}
