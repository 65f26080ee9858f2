package hwvtep

// Inventory is what one hardware_vtep database is known to contain: the part
// of an agent's report that a server keeps.
type Inventory struct {
	Database string // the address from the agent's configuration
	Error    string // why it cannot be used now; ""
	Schema   Schema
	Switches []PhysicalSwitch
	Logical  []LogicalRow // sorted by Name
	Locators []Locator    // sorted
}

// LogicalRow is a Logical_Switch without what refers to it.
type LogicalRow struct {
	Name      string
	Key       Key
	Confirmed bool   // the dataplane has carried it out
	Error     string // why it could not be written; ""
}
