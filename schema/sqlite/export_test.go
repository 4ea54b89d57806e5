package sqlite

// NoneAreFew has listings walk their order, however few tracks there are.
func (s *Store) NoneAreFew() { s.atMost = -1 }
