package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/signal"
	"forewarn.dev/forewarn/internal/snapshot"
)

type headersOptions struct {
	files []string
	page  string
}

func newHeaders(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	var o headersOptions
	cmd := &cobra.Command{
		Use:   "headers deprecationschedule/NAME",
		Short: "Print the filters by which responses say that a version goes away",
		Long: `Print, for each rule of an HTTPRoute that carries what a DeprecationSchedule
takes away, the filter by which its responses say so: Deprecation (RFC 9745),
Sunset (RFC 8594) and Link. Where several schedules concern a rule, it says the
earliest dates.

Admission asks for them once the schedule is published and its route says
writtenBy: Owner. Rules that forewarn writes itself are left out.`,
		Example: example(streams, `
forewarn headers deprecationschedule/orders-v1 -n shop
# Before it is applied
forewarn headers deprecationschedule/orders-v1 -f schedule.yaml`),
		Args: arguments(1, 1, "deprecationschedule/NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), streams, config, args[0])
		},
	}
	cmd.Flags().StringSliceVarP(&o.files, "filename", "f", nil, "read the schedules, and the CustomerAPIs, from these files and folders, and not from a cluster")
	cmd.Flags().StringVar(&o.page, "page", "", "the address where customers read about it, where the schedule has no migrationGuide")
	return cmd
}

func (o *headersOptions) run(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags, arg string) error {
	kind, name, ok := strings.Cut(arg, "/")
	if !ok || name == "" || !slices.Contains([]string{"deprecationschedule", "deprecationschedules", "dsched"}, strings.ToLower(kind)) {
		return fmt.Errorf("%q is no schedule: write deprecationschedule/NAME, for example deprecationschedule/orders-v1", arg)
	}
	said, err := o.read(ctx, streams, config, name)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(said.schedules, func(s *v1alpha1.DeprecationSchedule) bool { return s.Name == name })
	if i < 0 {
		var known []string
		for _, s := range said.schedules {
			known = append(known, s.Name)
		}
		return said.missing(known)
	}
	return printHeaders(streams, said.schedules[i], said, o.page)
}

// saidByRoutes is what decides on the headers of the routes of a namespace: several schedules may say something in the same
// rules, and none has a say in a route that is listed for other APIs alone.
type saidByRoutes struct {
	schedules []*v1alpha1.DeprecationSchedule
	apis      []*v1alpha1.CustomerAPI
	// missing is what to say where the schedule that was asked about is not among them.
	missing func(known []string) error
}

func (o *headersOptions) read(
	ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags, name string,
) (said saidByRoutes, err error) {
	if len(o.files) > 0 {
		if said.schedules, _, err = readManifests[*v1alpha1.DeprecationSchedule]("DeprecationSchedule", o.files); err != nil {
			return said, err
		}
		said.apis, _, err = readManifests[*v1alpha1.CustomerAPI]("CustomerAPI", o.files)
		said.missing = func(known []string) error {
			return fmt.Errorf("there is no deprecationschedule/%s in %s%s", name, strings.Join(o.files, ", "), instead(known))
		}
		return said, err
	}
	c, _, _, err := connect(config)
	if err != nil {
		return said, err
	}
	var schedules v1alpha1.DeprecationScheduleList
	var apis v1alpha1.CustomerAPIList
	if err := c.read(ctx, &schedules, &apis); err != nil {
		return said, readable(err)
	}
	for _, unread := range c.unread {
		if unread.Kind != "DeprecationSchedule" || unread.Key.Name != name {
			streams.note("%s", unread)
		}
	}
	for i := range schedules.Items {
		said.schedules = append(said.schedules, &schedules.Items[i])
	}
	for i := range apis.Items {
		said.apis = append(said.apis, &apis.Items[i])
	}
	said.missing = func(known []string) error { return c.missing("DeprecationSchedule", name, known) }
	return said, nil
}

// printHeaders prints a document for each rule, or for all of a route where no rule is named.
func printHeaders(streams Streams, about *v1alpha1.DeprecationSchedule, said saidByRoutes, page string) error {
	if len(about.Spec.Routes) == 0 {
		return errors.New("the schedule names no routes: add the HTTPRoutes that carry what goes away to spec.routes")
	}
	if about.Spec.DeprecateTime == nil || about.Spec.SunsetTime == nil {
		return errors.New("the schedule says not when: set deprecateTime and sunsetTime")
	}
	printed := 0
	for _, route := range about.Spec.Routes {
		if snapshot.ElsewhereCarried(route.Name, string(about.Spec.APIRef.Name), said.apis) {
			streams.note("HTTPRoute %s: customers come by it to other APIs, and not to %s (carriedBy.httpRoutes): there is nothing to add.",
				route.Name, about.Spec.APIRef.Name)
			continue
		}
		orders := said.of(route.Name, about, page)
		rules := route.Rules
		if len(rules) == 0 {
			rules = []string{""}
		}
		for _, rule := range rules {
			if slices.ContainsFunc(orders, func(o signal.Order) bool { return o.Ours && o.Concerns(rule) }) {
				streams.note("HTTPRoute %s%s: forewarn writes it, there is nothing to add.", route.Name, ofRule(rule))
				continue
			}
			if printed++; printed > 1 {
				fmt.Fprintln(streams.Out, "---")
			}
			if err := printFilter(streams, about, route.Name, rule, orders); err != nil {
				return err
			}
		}
	}
	if printed > 0 && !signal.Due(about) {
		streams.note("Admission does not ask for it: the schedule is not published, or is over.")
	}
	return nil
}

func ofRule(rule string) string {
	if rule == "" {
		return ""
	}
	return ", rule " + rule
}

// of are what the schedules ask of a route: of the one that was asked about as though it were published.
func (said saidByRoutes) of(route string, about *v1alpha1.DeprecationSchedule, page string) []signal.Order {
	var orders []signal.Order
	for _, s := range said.schedules {
		for _, order := range snapshot.RouteOrders(s, page) {
			if order.Route != route || snapshot.ElsewhereCarried(route, string(s.Spec.APIRef.Name), said.apis) {
				continue
			}
			if s == about {
				order.Due, order.Says = true, signal.Of(s, page)
			}
			if order.Due {
				orders = append(orders, order.Order)
			}
		}
	}
	return orders
}

func printFilter(streams Streams, about *v1alpha1.DeprecationSchedule, route, rule string, orders []signal.Order) error {
	type header struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	var modifier struct {
		Set []header `json:"set,omitempty"`
		Add []header `json:"add,omitempty"`
	}
	for _, h := range signal.Together(orders, rule).Headers() {
		if h.Add {
			modifier.Add = append(modifier.Add, header{h.Name, h.Value})
		} else {
			modifier.Set = append(modifier.Set, header{h.Name, h.Value})
		}
	}
	text, err := yaml.Marshal(map[string]any{"filters": []any{map[string]any{
		"type": "ResponseHeaderModifier", "responseHeaderModifier": modifier,
	}}})
	if err != nil {
		return fmt.Errorf("encoding the filter: %w", err)
	}
	where := "each rule of HTTPRoute " + route
	if rule != "" {
		where = "rule " + rule + " of HTTPRoute " + route
	}
	fmt.Fprintf(streams.Out, "# Add to the filters of %s: %s of %s goes away (deprecationschedule/%s).\n%s",
		safe(where), safe(string(about.Spec.Version)), safe(string(about.Spec.APIRef.Name)), safe(about.Name), text)
	return nil
}
