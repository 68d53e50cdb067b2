package cli

import (
	"fmt"
	"regexp"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// customerID is the form that the schema of an Audience has.
var customerID = regexp.MustCompile(`^[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$`)

func newCustomer(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "customer",
		Short: "Answer customers who ask for their data",
	}
	cmd.AddCommand(newCustomerExport(streams, config), newCustomerErase(streams, config))
	return cmd
}

func readCustomerID(arg string) (v1alpha1.CustomerID, error) {
	if !customerID.MatchString(arg) {
		return "", fmt.Errorf("%q is no id of a customer: write it as the Audience has it, for example c-10423", arg)
	}
	return v1alpha1.CustomerID(arg), nil
}

func newCustomerExport(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export ID",
		Short: "Print all that is held of a customer, and all that was sent",
		Long: `Print all that the namespace holds of a customer: the entries of Audiences, the
rows of lists, and the addresses; and all that was sent, with the text of each
letter. It is read with the rights of whoever asks, and that takes the right to
read the Secrets that the Audiences name.

The exit code is 2 where something could not be read; what, is said.`,
		Example: example(streams, `
forewarn customer export c-10423 -n shop
forewarn customer export c-10423 -n shop -o yaml > c-10423.yaml`),
		Args: arguments(1, 1, "ID, for example c-10423"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), streams, config, args[0])
		},
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", outputText, "text, json or yaml")
	return cmd
}

func newCustomerErase(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	var o eraseOptions
	cmd := &cobra.Command{
		Use:   "erase ID",
		Short: "Remove what is held of a customer",
		Long: `Remove what the namespace holds of a customer: the rows of lists, the entries of
Audiences, and the addresses that no other customer has. All else in the lists
stays as it is, byte for byte. Without --yes it is only said what would be done.

DeliveryRecords stay: they hold the opaque id, and prove that customers were told.
What was begun and could not be finished is said, and done by running it again.

The exit code is 1 where it is refused, and 2 where something is left.`,
		Example: example(streams, `
forewarn customer erase c-10423 -n shop
forewarn customer erase c-10423 -n shop --yes`),
		Args: arguments(1, 1, "ID, for example c-10423"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), streams, config, args[0])
		},
	}
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do it")
	return cmd
}
