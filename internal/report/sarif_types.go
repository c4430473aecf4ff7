package report

// The parts of SARIF 2.1.0 (OASIS, errata 01) that are written. Field names and
// required fields are those of the specification's sections 3.13 and following.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool                        `json:"tool"`
		Automation sarifAutomation                  `json:"automationDetails"`
		Bases      map[string]sarifArtifactLocation `json:"originalUriBaseIds"`
		Provenance []sarifProvenance                `json:"versionControlProvenance,omitempty"`
		Invoked    []sarifInvocation                `json:"invocations"`
		Results    []sarifResult                    `json:"results"` // never null: null would mean that nothing was looked at
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name          string            `json:"name"`
		Version       string            `json:"version,omitempty"`
		Rules         []sarifDescriptor `json:"rules"`
		Notifications []sarifDescriptor `json:"notifications,omitempty"`
	}
	sarifDescriptor struct {
		ID      string              `json:"id"`
		Name    string              `json:"name,omitempty"`
		Short   *sarifMessage       `json:"shortDescription,omitempty"`
		Full    *sarifMessage       `json:"fullDescription,omitempty"`
		Default *sarifConfiguration `json:"defaultConfiguration,omitempty"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifAutomation struct {
		ID string `json:"id"`
	}
	sarifProvenance struct {
		Repository string                `json:"repositoryUri"`
		Revision   string                `json:"revisionId,omitempty"`
		MappedTo   sarifArtifactLocation `json:"mappedTo"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		ExitCode      int                 `json:"exitCode"`
		ExitReason    string              `json:"exitCodeDescription"`
		End           string              `json:"endTimeUtc"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Descriptor sarifReference `json:"descriptor"`
		Level      string         `json:"level"`
		Message    sarifMessage   `json:"message"`
	}
	sarifReference struct {
		ID string `json:"id"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifMessage      `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Stacks       []sarifStack      `json:"stacks,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   sarifProperties   `json:"properties"`
	}
	sarifProperties struct {
		Signature  string  `json:"selfheal/signature"`
		Observed   int64   `json:"selfheal/observed"`
		Expected   float64 `json:"selfheal/expected"`
		PValue     float64 `json:"selfheal/pValue"`
		Confidence float64 `json:"selfheal/confidence"`
	}
	sarifStack struct {
		Message sarifMessage `json:"message"`
		Frames  []sarifFrame `json:"frames"`
	}
	sarifFrame struct {
		Location sarifLocation `json:"location"`
	}
	sarifLocation struct {
		ID       int            `json:"id,omitempty"`
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
		Message  *sarifMessage  `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifactLocation `json:"artifactLocation"`
		Region   *sarifRegion          `json:"region,omitempty"`
	}
	sarifArtifactLocation struct {
		URI         string        `json:"uri,omitempty"`
		Base        string        `json:"uriBaseId,omitempty"`
		Description *sarifMessage `json:"description,omitempty"`
	}
	sarifRegion struct {
		Start   int           `json:"startLine"`
		End     int           `json:"endLine,omitempty"`
		Snippet *sarifMessage `json:"snippet,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)
