package selfheal

// Action is what is done about a verdict.
type Action string

// The actions.
const (
	ActionFixForward Action = "fix_forward" // a patch on top of the deployed revision
	ActionRevert     Action = "revert"      // take the culprit commit back, keep the rest
	ActionRollBack   Action = "roll_back"   // put the previous revision back into service
	ActionHold       Action = "hold"        // wait for more evidence
	ActionTell       Action = "tell"        // no remedy by selfheal; people are told
)

// Decision is the chosen remedy and why.
type Decision struct {
	Action Action `json:"action"`
	Reason string `json:"reason"` // one sentence
	Vetoes []Veto `json:"vetoes,omitempty"`
	DryRun bool   `json:"dry_run,omitempty"` // everything is done but what others would see
}

// Veto is a rule that forbade an action.
type Veto struct {
	Action Action `json:"action"`
	Rule   string `json:"rule"` // fixed name, e.g. "migration-in-commit"
	Reason string `json:"reason"`
}
