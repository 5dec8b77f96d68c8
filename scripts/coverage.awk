# SPDX-License-Identifier: GPL-2.0-only
#
# From tests/unreached and gcov's marked sources: how much of each file was
# reached, and what was not.  See coverage.sh.
#
# tests/unreached: after a line "# reason", the lines "FILE: code" that it is for.

function trim(text) {
	gsub(/^[ \t]+|[ \t]+$/, "", text)
	return text
}
FILENAME ~ /unreached$/ {
	if (/^[^#]/ && NF)
		reason[$0] = 1
	next
}
FNR == 1 {
	file = FILENAME
	sub(/\.gcov$/, "", file)
	sub(/_/, "/", file)
	label = ""
}
{
	count = trim(substr($0, 1, index($0, ":") - 1))
	rest = substr($0, index($0, ":") + 1)
	number = trim(substr(rest, 1, index(rest, ":") - 1))
	if (code_of[file, number] == "")
		code_of[file, number] = trim(substr(rest, index(rest, ":") + 1))
	if (code_of[file, number] ~ /^err_[a-z0-9_]*:/)
		label = code_of[file, number]
	if (count == "-" || number == 0)
		next
	# An inline function stands there once for each object that has it.
	if (!((file, number) in reached)) {
		order[++nr_lines] = file SUBSEP number
		reached[file, number] = 0
		label_of[file, number] = label
	}
	if (count !~ /^[#=]/)
		reached[file, number] = 1
	label = ""
}
END {
	for (i = 1; i <= nr_lines; i++) {
		split(order[i], at, SUBSEP)
		file = at[1]
		part = file
		sub(/\/.*/, "", part)
		lines[file]++
		total[part]++
		if (reached[order[i]]) {
			hits[file]++
			sum[part]++
			continue
		}
		key = file ": " code_of[order[i]]
		if (key in reason)
			used[key] = 1
		else
			open[++nr] = file ":" at[2] ": " code_of[order[i]]
		if (label_of[order[i]])
			dead[++nr_dead] = file ":" at[2] ": " label_of[order[i]]
	}
	for (file in lines)
		printf "%-28s %5d lines %6.1f %%\n", file, lines[file], \
			100 * hits[file] / lines[file] | "sort"
	close("sort")
	for (i = 1; i <= nr; i++)
		print "not reached: " open[i]
	for (part in total) {
		percent = 100 * sum[part] / total[part]
		printf "%s: %d of %d lines, %.1f %%\n", part, sum[part], \
			total[part], percent
		if (percent < least) {
			print part ": less than " least " %"
			failed = 1
		}
	}
	for (i = 1; i <= nr_dead; i++) {
		print "label not reached: " dead[i]
		failed = 1
	}
	for (key in reason)
		if (!(key in used))
			print "reached now, or gone, and has a reason: " key
	exit failed
}
