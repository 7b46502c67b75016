package messages

// constructor says where a call or a composite literal has a message and its hint:
// at which position, or in which field. -1 and "" are for none.
type constructor struct {
	text, hint           int
	textField, hintField string
	prefix, suffix       string // around the text
	formatted            bool   // the text is a format, and the arguments follow
	status               string // "" is 125
	advice               string // the hint of all
}

// calls are the functions that make a message, by "package.name"; ".name" is in any
// package. A method is followed by "()".
var calls = map[string]constructor{
	".Usage":               {text: 0, hint: 1},
	".Errorf":              {text: 0, hint: -1, formatted: true},
	".New":                 {text: 0, hint: -1},
	".Absent":              {text: 0, hint: -1},
	".Unavailable":         {text: 0, hint: -1, status: "124"},
	".Detail()":            {text: 0, hint: -1, formatted: true, status: "--verbose"},
	".Add()":               {text: 2, hint: 1, formatted: true},
	".Report()":            {text: 1, hint: -1},
	".Message()":           {text: 1, hint: 2},
	"main.flagError":       {text: 0, hint: -1, formatted: true, advice: "see launcher run --help"},
	"main.refuse()":        {text: 1, hint: 0, formatted: true},
	"manifest.refuse()":    {text: 1, hint: 0, formatted: true},
	"manifest.warn()":      {text: 1, hint: 0, formatted: true, status: warning},
	"yamledit.refuse()":    {text: 1, hint: -1, formatted: true, advice: "write it out in full in the part that is edited"},
	"document.problem":     {text: 1, hint: -1},
	"document.problem()":   {text: 1, hint: 2},
	"document.limit()":     {text: 0, hint: -1},
	"file.refuse":          {text: 1, hint: 2},
	"file.refuse()":        {text: 1, hint: 0, formatted: true},
	"keyvault.refusal":     {text: 0, hint: 1},
	"keyvault.unavailable": {text: 0, hint: 1, status: "124"},
	"exposure.find()":      {text: 2, hint: -1, formatted: true, status: "1"},
	"job.stuck()":          {text: 0, hint: -1},
	"job.explain()":        {text: 1, hint: -1, suffix: " job " + open + "NAME" + shut + ": " + elsewhere, status: "124, 125"},
	"project.Explain()":    {text: 1, hint: -1, suffix: ": " + elsewhere, status: "124, 125"},
}

// literals are the types whose literals are messages.
var literals = map[string]constructor{
	"Problem":        {text: 1, hint: 2, textField: "Message", hintField: "Advice"},
	"problem":        {text: -1, hint: -1, textField: "text", hintField: "hint"},
	"keyname.Error":  {text: 0, hint: 1},
	"manifest.Error": {text: 0, hint: 1},
	"Error":          {text: -1, hint: -1, textField: "What", hintField: "Advice"},
	"RefusedError":   {text: 1, hint: 2, textField: "Message", hintField: "Advice"},
	"CannotRunError": {text: 0, hint: 1, textField: "Message", hintField: "Advice", status: "126"},
	"NotFoundError":  {text: 0, hint: 1, textField: "Message", hintField: "Advice", status: "127"},
	"Outcome":        {text: -1, hint: -1, textField: "Why", hintField: "Advice"},
	"file.refusal":   {text: -1, hint: -1, textField: "reason", hintField: "advice"},
}

// fields are the fields to which a message or its hint is assigned.
var fields = map[string]bool{"Message": true, "What": true, "Why": true, "Detail": true, "Advice": false, "advice": false, "hint": false}

// tables are the variables whose elements are messages.
var tables = map[string]constructor{
	"keyvault.refusals":   {text: 1, hint: 2, prefix: "no token: ", suffix: " (AADSTS" + open + "N" + shut + ")", formatted: true},
	"job.permanentCauses": {text: -1, hint: 2},
	"cluster.refusals":    {text: 1, hint: -1},
}

// results are the functions that return a message, with its status.
var results = map[string]string{"keyvault.validity": warning}

// exceptions are the statuses of messages by their first words, if their
// constructor does not show them.
var exceptions = []struct{ start, status string }{
	{"ended by ", "128+n"},
	{"stopped waiting for job", "128+n"},
	{"TEXT, ", "124"},
	{"cannot tell the project's secrets", warning},
	{"the previous value is used", warning},
	{"secrets \"OTHER\" and", warning},
	{"variable MLRUN_EXEC_CONFIG does not hold a task", warning},
	{"variable \"VARIABLE\" is not a setting", warning},
	{"pod NAME ran out of memory", "the pod's"},
	{"pod NAME: the container was not started", "the pod's"},
	{"pod NAME: status", "the pod's"},
	{"the quotes around the value", "--verbose"},
}
