package layer3

import "errors"

// lines are those of a granule's spectrum.
const lines = 576

// granule is what the side information says of one channel's half of a frame
// (ISO/IEC 11172-3, 2.4.1.7).
type granule struct {
	length    int // of scale factors and codes, bits
	pairs     int // big_values
	gain      int
	compress  int // how scale factors are coded
	block     int // type: 0 normal, 1 start, 2 short, 3 stop
	mixed     bool
	tables    [3]int
	subgain   [3]int
	region0   int // bands in the first region
	region1   int // and in the second
	preflag   bool
	coarse    int // 1: scale factors count double
	quadTable int
	switching bool
}

// same tells whether two channels' spectra can be added up.
func (g *granule) same(o *granule) bool { return g.block == o.block && g.mixed == o.mixed }

// side is a frame's side information.
type side struct {
	begin    int // bytes of main data before this frame's own
	share    [2][4]bool
	granules [2][2]granule // by granule, channel
}

// maxSide is the length of the longest side information, in bytes.
const maxSide = 32

// parse reads the side information of a frame of MPEG-1, or of MPEG-2 (lsf).
func (s *side) parse(data []byte, channels int, lsf bool) error {
	var padded [maxSide + slack]byte
	copy(padded[:maxSide], data)
	b := bitReader{data: padded[:]}
	granules := 2
	if lsf {
		granules = 1
		s.begin = b.bits(8)
		b.at += channels // private
	} else {
		s.begin = b.bits(9)
		b.at += 7 - 2*channels // private: 5 bits, or 3
		for ch := range channels {
			for i := range s.share[ch] {
				s.share[ch][i] = b.flag()
			}
		}
	}
	for gr := range granules {
		for ch := range channels {
			if err := s.granules[gr][ch].parse(&b, lsf); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *granule) parse(b *bitReader, lsf bool) error {
	*g = granule{length: b.bits(12), pairs: b.bits(9), gain: b.bits(8)}
	if g.pairs > lines/2 {
		return errors.New("more lines than a granule has")
	}
	if lsf {
		g.compress = b.bits(9)
	} else {
		g.compress = b.bits(4)
	}
	if g.switching = b.flag(); g.switching {
		g.block = b.bits(2)
		g.mixed = b.flag()
		g.tables[0], g.tables[1] = b.bits(5), b.bits(5)
		for i := range g.subgain {
			g.subgain[i] = b.bits(3)
		}
		if g.block == 0 {
			return errors.New("a block switch to no other block")
		}
		g.mixed = g.mixed && g.block == 2
	} else {
		for i := range g.tables {
			g.tables[i] = b.bits(5)
		}
		g.region0, g.region1 = b.bits(4)+1, b.bits(3)+1
	}
	if !lsf {
		g.preflag = b.flag()
	}
	g.coarse = b.bits(1)
	g.quadTable = b.bits(1)
	return nil
}

// regions are where the three regions of pairs end.
func (g *granule) regions(l *layout) [3]int {
	all := 2 * g.pairs
	if g.switching {
		return [3]int{min(l.switched(g), all), all, all}
	}
	first := l.bands.long[min(g.region0, 22)]
	second := l.bands.long[min(g.region0+g.region1, 22)]
	return [3]int{min(first, all), min(second, all), all}
}
