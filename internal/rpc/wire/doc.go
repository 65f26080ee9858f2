// Package wire is the form of plans and reports between processes: JSON, in
// parts of a bounded size. Version 1.0. Fields that are not known are passed
// over, and those that are missing are empty, so that programs of neighbouring
// releases understand each other.
package wire
