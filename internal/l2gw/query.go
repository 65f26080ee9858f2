package l2gw

// Query is what a list is asked for. The zero Query is all objects in the order
// of their creation. Attributes have the names of the API.
type Query struct {
	Filters []Filter // an object passes all of them
	// Sort has the most significant attribute first. Objects that are alike in
	// all of them are in the order of their creation, or against it where the
	// last is descending.
	Sort []Sort
	// Limit is how many objects are given at most; 0: all.
	Limit int
	// Marker is the ID of the object after which the list begins, itself not
	// among them; "": at the first. An ID of nothing is NotFound.
	Marker string
	// Reverse gives the objects before the marker ("": before the end) instead
	// of those after it: the last Limit of them, in the same order.
	Reverse bool
}

// Filter lets objects pass whose attribute has one of the values.
type Filter struct {
	Attribute string
	// Values are strings, bools, integers, Instants (of which the second counts),
	// or have a String method; nil is the empty value. "devices" takes the names
	// of devices. Without values, nothing passes.
	Values []any
}

// Sort is one attribute by which a list is sorted.
type Sort struct {
	Attribute  string
	Descending bool
}
