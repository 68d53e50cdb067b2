// Package schedule says where a version is on its way out, what customers are told of it and when, and whether it may be
// removed. It is pure.
package schedule
