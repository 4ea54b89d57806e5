package schema

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrCursor is returned, wrapped, for a cursor that no page of the listing gave.
var ErrCursor = errors.New("cursor is not one that a page of this listing gave")

// Cursor is where a page of a listing ended: what it is ordered by, and the
// track, which breaks ties.
type Cursor struct {
	Order Order   `json:"o"`
	Value float64 `json:"v"`
	ID    TrackID `json:"i"`
}

// CursorAt is the cursor of a page that ends with an item.
func CursorAt(o Order, last Item) Cursor {
	c := Cursor{Order: o, Value: last.Worth.Score, ID: last.ID}
	if o == ByAdded {
		c.Value = float64(last.AddedAt.UnixMilli())
	}
	return c
}

// String is the cursor as callers hand it back: opaque, fit for an address.
func (c Cursor) String() string {
	raw, err := json.Marshal(c)
	if err != nil {
		panic("schema: cursor: " + err.Error()) // its value is finite
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// ParseCursor reads a cursor of a listing in an order: else ErrCursor.
func ParseCursor(text string, o Order) (Cursor, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var c Cursor
	if err != nil || json.Unmarshal(raw, &c) != nil || c.ID == "" || c.Order != o {
		return Cursor{}, ErrCursor
	}
	return c, nil
}

// mostListed bounds a page.
const mostListed = 500

// Check names the first field that cannot be.
func (l Listing) Check() error {
	switch {
	case l.Limit < 1 || l.Limit > mostListed:
		return fmt.Errorf("limit is %d; want 1 to %d", l.Limit, mostListed)
	case l.Order != ByWorth && l.Order != ByAdded:
		return fmt.Errorf("order is %q; want %q or %q", l.Order, ByWorth, ByAdded)
	}
	return nil
}

// mostPicture bounds a picture, in bytes.
const mostPicture = 1 << 20

// CheckPicture refuses a picture that is empty or too large to be kept.
func CheckPicture(data []byte) error {
	if len(data) == 0 || len(data) > mostPicture {
		return fmt.Errorf("picture has %d bytes; want 1 to %d", len(data), mostPicture)
	}
	return nil
}
