// Package schematest has only tests: they hold dynamodest.ConfigSchema against what DecodeConfig and Validate
// say of thousands of configurations, by a JSON Schema validator of another author. It is a module of its own, so
// that importers of dynamodest do not pay for the validator.
package schematest
