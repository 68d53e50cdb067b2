package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const outputCalendar = "ical"

// calendarMonths are how many months ahead a calendar looks.
const calendarMonths = 12

type calendarOptions struct {
	at     string
	output string
	files  []string
	all    bool
}

func newCalendar(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	var o calendarOptions
	cmd := &cobra.Command{
		Use:   "calendar",
		Short: "Show what is coming in the next 12 months",
		Long: `Show what customers will meet in the next 12 months: each step of a
DeprecationSchedule, the dates of ChangeNotices and planned downtimes, from
start to end. What is still a draft says so.

With -o ical it is a calendar to import or to subscribe to. Each event keeps its
UID, so that one that is moved moves there, too; what was withdrawn is cancelled.`,
		Example: example(streams, `
forewarn calendar -n shop
# All namespaces, for a calendar program
forewarn calendar -A -o ical > changes.ics
# What manifests would bring, without a cluster
forewarn calendar -f manifests/ --at 2027-01-01T00:00:00Z`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), streams, config)
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&o.all, "all-namespaces", "A", false, "show all namespaces")
	flags.StringArrayVarP(&o.files, "filename", "f", nil, "a file or folder of manifests to read instead of a cluster; repeatable")
	flags.StringVarP(&o.output, "output", "o", outputText, "text, ical or json")
	flags.StringVar(&o.at, "at", "", "begin with this moment (RFC 3339) and not with now")
	return cmd
}

func (o *calendarOptions) run(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags) error {
	switch o.output {
	case outputText, outputCalendar, outputJSON:
	default:
		return fmt.Errorf("unknown output %q: write text, ical or json", o.output)
	}
	plans, err := o.read(ctx, streams, config)
	if err != nil {
		return err
	}
	until := plans.now.AddDate(0, calendarMonths, 0)
	found := &CalendarResult{FromTime: metav1.NewTime(plans.now), UntilTime: metav1.NewTime(until)}
	all := plans.events()
	for _, e := range all {
		switch {
		case e.Cancelled:
		case e.comes(plans.now, until):
			found.Events = append(found.Events, e)
		case !e.Time.Time.Before(until):
			plans.later = append(plans.later, e)
		}
	}
	switch o.output {
	case outputCalendar:
		all = slices.DeleteFunc(all, func(e CalendarEvent) bool { return !e.comes(plans.now, until) })
		return writeCalendar(streams.Out, all, plans.now)
	case outputJSON:
		return printJSON(streams.Out, Result{
			APIVersion: ResultVersion, Kind: KindCalendar, Namespace: plans.namespace,
			EvaluatedTime: metav1.NewTime(plans.now), TimeZone: plans.zone.name, Calendar: found,
		})
	}
	p := newPage(streams)
	p.calendar(found, plans)
	return p.writeTo(streams.Out)
}

// plans are what a calendar is made of.
type plans struct {
	now time.Time
	// namespace is empty where all are shown, and where manifests were read.
	namespace string
	all       bool
	zone      zone
	schedules []v1alpha1.DeprecationSchedule
	notices   []v1alpha1.ChangeNotice
	// later is what comes after what is shown.
	later []CalendarEvent
}

func (o *calendarOptions) read(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags) (*plans, error) {
	if len(o.files) > 0 {
		return o.readFiles(streams)
	}
	c, _, clock, err := connect(config)
	if err != nil {
		return nil, err
	}
	if o.all {
		c.namespace = ""
	}
	var policies v1alpha1.NoticePolicyList
	var schedules v1alpha1.DeprecationScheduleList
	var notices v1alpha1.ChangeNoticeList
	if err := c.read(ctx, &policies, &schedules, &notices); err != nil {
		return nil, readable(err)
	}
	for _, unread := range c.unread {
		streams.note("%s", unread)
	}
	c.policies = policies.Items
	if c.now, err = moment(streams, o.at); err != nil {
		return nil, err
	}
	if o.at == "" {
		c.now = c.clockOf(streams, clock)
	}
	return &plans{
		now: c.now, namespace: c.namespace, all: o.all, zone: zoneOf(c.policies, ""),
		schedules: schedules.Items, notices: notices.Items,
	}, nil
}

func (o *calendarOptions) readFiles(streams Streams) (*plans, error) {
	now, err := moment(streams, o.at)
	if err != nil {
		return nil, err
	}
	found := &plans{now: now, all: o.all, zone: utc}
	schedules, others, err := readManifests[*v1alpha1.DeprecationSchedule]("DeprecationSchedule", o.files)
	if err != nil {
		return nil, err
	}
	notices, _, err := readManifests[*v1alpha1.ChangeNotice]("ChangeNotice", o.files)
	if err != nil {
		return nil, err
	}
	policies, _, err := readManifests[*v1alpha1.NoticePolicy]("NoticePolicy", o.files)
	if err != nil {
		return nil, err
	}
	if len(schedules)+len(notices) == 0 {
		return nil, fmt.Errorf("%s", noneOf("DeprecationSchedule or ChangeNotice", o.files, others))
	}
	for _, s := range schedules {
		found.schedules = append(found.schedules, *s)
	}
	for _, n := range notices {
		found.notices = append(found.notices, *n)
	}
	var binding []v1alpha1.NoticePolicy
	for _, p := range policies {
		binding = append(binding, *p)
	}
	found.zone = zoneOf(binding, "")
	return found, nil
}
