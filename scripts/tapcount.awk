# SPDX-License-Identifier: GPL-2.0-only
#
# Count the results in what kselftest's run_tests prints: "P F S".
#
# A test program's own results come nested behind "# "; its outer line counts
# only if there were none, or if it failed although none of them did (a crash,
# a time-out, a plan not kept).
{
	line = $0
	depth = 0
	while (line ~ /^# /) {
		line = substr(line, 3)
		depth++
	}
}
line ~ /^1\.\.[0-9]+/ {
	if (depth)
		plan = substr(line, 4) + 0
	else
		outer_plan += substr(line, 4)
}
line ~ /^(not )?ok [0-9]+/ {
	result = line ~ /^not / ? "failed" : line ~ /# *SKIP/ ? "skipped" : "passed"
	if (depth) {
		inner[result]++
		seen++
		next
	}
	outer++
	if (!seen)
		total[result]++
	else {
		for (kind in inner)
			total[kind] += inner[kind]
		if (result == "failed" && !inner["failed"] || plan && seen != plan)
			total["failed"]++
	}
	delete inner
	seen = plan = 0
}
END {
	# Results whose program never got its outer line: it was cut short.
	for (kind in inner)
		total[kind] += inner[kind]
	if (seen || outer != outer_plan)
		total["failed"]++
	print total["passed"] + 0, total["failed"] + 0, total["skipped"] + 0
}
