package layer3

// The code tables of ISO/IEC 11172-3, annex B, table B.7, each as the lengths of
// its codes from all zeros to all ones and the pairs (or quadruples) they stand
// for: x and y as a hexadecimal digit each. Lengths are digits, too, from a on 10.
// The same codes serve several tables, with more or fewer bits for what is large.
var codebooks = []struct {
	tables  []int
	lengths string
	symbols string
}{
	{
		tables:  []int{1},
		lengths: "3321",
		symbols: "11011000",
	},
	{
		tables:  []int{2},
		lengths: "665553331",
		symbols: "220212212011011000",
	},
	{
		tables:  []int{3},
		lengths: "665553222",
		symbols: "220212212010110100",
	},
	{
		tables:  []int{5},
		lengths: "8876777766663331",
		symbols: "33233231130330221221022011011000",
	},
	{
		tables:  []int{6},
		lengths: "7766655554443233",
		symbols: "33032332301331220212212001111000",
	},
	{
		tables:  []int{7},
		lengths: "aaaa99998899899887778888777765664331",
		symbols: "554554533544255215510534504333244214414004233203133130221221022011011000",
	},
	{
		tables:  []int{8},
		lengths: "bba9aa999889999888788888888666442332",
		symbols: "555445533544255205155134435033244214410440233213310330220220122111011000",
	},
	{
		tables:  []int{9},
		lengths: "998899888877788777766665566554443333",
		symbols: "554535535405442552155134435004244233401441233213310330220212212011011000",
	},
	{
		tables:  []int{10},
		lengths: "bbbbbbaaaaaaabba99aa99aa9aa8899aa99aa888999999888888777766664331",
		symbols: "77677657756647745665377346555463277264077062453506534417713626255215513443166160055024423304" +
			"144140233203133130221221022011011000",
	},
	{
		tables:  []int{11},
		lengths: "aaaaaaabbaa999aaaa8899788888999987887788899888888776677654553332",
		symbols: "77677675664774575556653773464554355327726407711770366360442552051562260616615134504333244214" +
			"410440233213310330222112022011011000",
	},
	{
		tables:  []int{12},
		lengths: "aa99999998899888888998888899777888888777788777666677655544554333",
		symbols: "77677657756647746556377355277246641771077036634554440605266261166035532552155134435004244214" +
			"334123324003301331221221022000110110",
	},
	{
		tables: []int{13},
		lengths: "jjihgggggggggghhffggffffffffffggfggeeffffeeeeeeeeeeeffedeeddeedeedeedeeddeecccddddddcddccddd" +
			"dddddddddccddccccddddcddcbccccccccbbbbccbbccbccccbbccbccbccbccaaabbbbbbbbaaaabbabbabbbbaabba" +
			"abbbbbb99aaaaabb999aa99aaaaaaaaaa8999999aa999889999998788887777766664431",
		symbols: "fefcfdedffefdfeecfdebffbcedcafe9ecddfacdbeeb9ff9eabddb8ff8ccae9e8e7f7ef7daadbccbf66fe85f9dd9" +
			"f5e7acbb4ff4cae6f33f8dd82ff26e9c0fc95eab7dd74ec8d63eb99baa1ff1f0bae5e48c6de3e22e0e1ee1e05dd5" +
			"7cc74d8bb8d49aa96cc63dd37b2dd21db75cc5997ac3a7974bd10dd08aa84cc46bb63c2cc25bb5891cc1980cc0b4" +
			"6aa6793bb3885a2ba569a47887947776b21bb10bb0964a3aa359952aa21aa10a68a0864993395885672992577538" +
			"83664774566573199109904884724664288218372717715507703663455426623581088016610660534425520515" +
			"5134435024423314410440233213310330221221022011011000",
	},
	{
		tables: []int{15},
		lengths: "ddddcddddddcddcccccccccccccccccccccccddbbccccbbbbbbccbbbbbbbbccbbbbbbbbbbbbbbbbbbbbbbbbbccbb" +
			"bbbbabbbbbbaabbaaaabbaaaaaaabbaaaaabb9aaaaaaaaaaaa9aaaa9aa9aaaaaaaa9999999aa999999aa99999989" +
			"999999999888899999999888888998888888998788777788777776776677666555553443",
		symbols: "ffeffedfeefdcffcdeedbffbceecddaffabeebcddc9ff9eabddb8ff8cc9ee97ff7addabc6fae0fcbf68ee85f9df5" +
			"7ee7accabbd98d4ff43ff3d8e62ff26ef01ff19cc95eabbae57dd74ee48cc83e6dd6e39bb92eaae21ee10ee05dd5" +
			"7cc74d8bd4b89aa96cc63dd3d22d0d1d7bb7d15cd0c58aa84cc46bb6990c3cc37aa7a6c00bc22c5bb51c8998c14b" +
			"b46a3b79b397882b5ab2a51bb1b069964aa478873aa359952aa21aa10aa068864994399377095885296776929119" +
			"90488457753883664728821881740880566537734627726417557107703663455426621606603561534425521551" +
			"0550344324423341140423324003133130221221022011011000",
	},
	{
		tables: []int{16, 17, 18, 19, 20, 21, 22, 23},
		lengths: "bbbbbbbbabbbbaaaaa8aa9999aghhffggeffeeffeeffffeffed89988deeeeeeeeeeddeeeedeedddeeeeddeedeecd" +
			"dddddddddddddcddddddcddccddbcccccccddbccccbccccccccbccbbbbccccccccbccbccbccbccbaabbbbbbaabba" +
			"abbbbbbbbabbaaabbaabbaabba99aaaaaa999aa9aa998999999998899887788766664431",
		symbols: "effedffdcffcbffbaffa9ff9f88f7ff76ff6ff5ff54ff4f3f03fceecdddee9ead9eeedebbecddcdbaeccadda7eac" +
			"cac97d5ebdf22f0f1ff19ebccb8ee89de7bb8dd86ee69cabbae5d74ee48cc83e6dd69bb9aae1d4b8a97bb7d0e30e" +
			"e05dd57cc74d8b9a6cc63d5cc50d8aa8994cb67a3c5b891cc09879e22e1ed32dd2d13b97881dc46bc3a72cc2b5c1" +
			"0c4bb46aa6b35aa52bb21bb10bb069964aa47887a33a592a9568a1867794495767a21a0aa0399358852992760919" +
			"91904884753883662882477418818008563773654627726455071771703663455426621661066053354425525115" +
			"0534435024423314410440233213310330221221022011011000",
	},
	{
		tables: []int{24, 25, 26, 27, 28, 29, 30, 31},
		lengths: "888888887887788777777777777889bbbbbbbbbbbbbbbbbbbbbbbbbbbb4bbbbccbabbaaaabbaaaabbaaaaaaaaaaa" +
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaabbaaaaaaaaaaaaabbabba9aaaabba99aa9aaaa99aa9999999999999999999999" +
			"99999999999999aa999aa899888888888888899888888997887777788776677655664444",
		symbols: "effedffdcffcbffbfaaf9ff9f88f7ff76ff65ff54ff43ff32ff2f11ff00feedeedceecddbeebcddcaeeabddbcc9e" +
			"e9addabccb8ee89dd97ee7acffcabb8dd80ee00de66e9cc95ebae5ab7dd7e48cc84e2e3e6dd6e39bb9aae21ee15d" +
			"d57cc74d8bb8d49aa96cc63dd32dd21d7bb7d15cc58aa8994cc46bb6d00c3cc37aa72cc25bb51c8998c14bc00b3b" +
			"b00a1ab46aa67997a00990b3882b5ab2a51bb16996a44a78873aa359952aa2a16886774994399358852967769219" +
			"91488457753883662882184774810880566517077073372772466455713663455426621661066035534425521505" +
			"5051344324423314410440233213310330221221022011011000",
	},
	{
		tables:  []int{32},
		lengths: "6666665555544441",
		symbols: "bfde75963ac21480",
	},
	{
		tables:  []int{33},
		lengths: "4444444444444444",
		symbols: "fedcba9876543210",
	},
}

// linbits are the bits that follow a 15 in each table.
var linbits = [32]uint{16: 1, 2, 3, 4, 6, 8, 10, 13, 4, 5, 6, 7, 8, 9, 11, 13}

// synthesisWindow is the first half of table B.3, in units of 1/65,536; the other
// half is its mirror image, of opposite sign but at multiples of 64.
var synthesisWindow = [257]int32{
	0, -1, -1, -1, -1, -1, -1, -2, -2, -2, -2, -3,
	-3, -4, -4, -5, -5, -6, -7, -7, -8, -9, -10, -11,
	-13, -14, -16, -17, -19, -21, -24, -26, -29, -31, -35, -38,
	-41, -45, -49, -53, -58, -63, -68, -73, -79, -85, -91, -97,
	-104, -111, -117, -125, -132, -139, -147, -154, -161, -169, -176, -183,
	-190, -196, -202, -208, 213, 218, 222, 225, 227, 228, 228, 227,
	224, 221, 215, 208, 200, 189, 177, 163, 146, 127, 106, 83,
	57, 29, -2, -36, -72, -111, -153, -197, -244, -294, -347, -401,
	-459, -519, -581, -645, -711, -779, -848, -919, -991, -1064, -1137, -1210,
	-1283, -1356, -1428, -1498, -1567, -1634, -1698, -1759, -1817, -1870, -1919, -1962,
	-2001, -2032, -2057, -2075, -2085, -2087, -2080, -2063, 2037, 2000, 1952, 1893,
	1822, 1739, 1644, 1535, 1414, 1280, 1131, 970, 794, 605, 402, 185,
	-45, -288, -545, -814, -1095, -1388, -1692, -2006, -2330, -2663, -3004, -3351,
	-3705, -4063, -4425, -4788, -5153, -5517, -5879, -6237, -6589, -6935, -7271, -7597,
	-7910, -8209, -8491, -8755, -8998, -9219, -9416, -9585, -9727, -9838, -9916, -9959,
	-9966, -9935, -9863, -9750, -9592, -9389, -9139, -8840, -8492, -8092, -7640, -7134,
	6574, 5959, 5288, 4561, 3776, 2935, 2037, 1082, 70, -998, -2122, -3300,
	-4533, -5818, -7154, -8540, -9975, -11455, -12980, -14548, -16155, -17799, -19478, -21189,
	-22929, -24694, -26482, -28289, -30112, -31947, -33791, -35640, -37489, -39336, -41176, -43006,
	-44821, -46617, -48390, -50137, -51853, -53534, -55178, -56778, -58333, -59838, -61289, -62684,
	-64019, -65290, -66494, -67629, -68692, -69679, -70590, -71420, -72169, -72835, -73415, -73908,
	-74313, -74630, -74856, -74992, 75038,
}

// bands are where scale factor bands begin: for long blocks and for the three
// short ones (11172-3 table B.8, 13818-3 table B.2, and for 8 kHz the practice of
// MPEG-2.5).
type bands struct {
	long  [23]int
	short [14]int
}

var bandsOf = map[int]bands{
	44100: {
		[...]int{0, 4, 8, 12, 16, 20, 24, 30, 36, 44, 52, 62, 74, 90, 110, 134, 162, 196, 238, 288, 342, 418, 576},
		[...]int{0, 4, 8, 12, 16, 22, 30, 40, 52, 66, 84, 106, 136, 192},
	},
	48000: {
		[...]int{0, 4, 8, 12, 16, 20, 24, 30, 36, 42, 50, 60, 72, 88, 106, 128, 156, 190, 230, 276, 330, 384, 576},
		[...]int{0, 4, 8, 12, 16, 22, 28, 38, 50, 64, 80, 100, 126, 192},
	},
	32000: {
		[...]int{0, 4, 8, 12, 16, 20, 24, 30, 36, 44, 54, 66, 82, 102, 126, 156, 194, 240, 296, 364, 448, 550, 576},
		[...]int{0, 4, 8, 12, 16, 22, 30, 42, 58, 78, 104, 138, 180, 192},
	},
	22050: {
		[...]int{0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 116, 140, 168, 200, 238, 284, 336, 396, 464, 522, 576},
		[...]int{0, 4, 8, 12, 18, 24, 32, 42, 56, 74, 100, 132, 174, 192},
	},
	24000: {
		[...]int{0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 114, 136, 162, 194, 232, 278, 332, 394, 464, 540, 576},
		[...]int{0, 4, 8, 12, 18, 26, 36, 48, 62, 80, 104, 136, 180, 192},
	},
	16000: lowBands, 12000: lowBands, 11025: lowBands,
	8000: {
		[...]int{0, 12, 24, 36, 48, 60, 72, 88, 108, 132, 160, 192, 232, 280, 336, 400, 476, 566, 568, 570, 572, 574, 576},
		[...]int{0, 8, 16, 24, 36, 52, 72, 96, 124, 160, 162, 164, 166, 192},
	},
}

var lowBands = bands{
	[...]int{0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 116, 140, 168, 200, 238, 284, 336, 396, 464, 522, 576},
	[...]int{0, 4, 8, 12, 18, 26, 36, 48, 62, 80, 104, 134, 174, 192},
}
