# For a device without python3. Arguments: the data root, and bytes a second, or 0. Names come on
# stdin, each ended by NUL; each is answered by one line, in their order.
cd / || exit 4
export LC_ALL=C
cd -P "$1/." || exit 4
command -v b2sum >/dev/null && sum=b2sum || sum=sha256sum
command -v "$sum" >/dev/null && command -v stat >/dev/null || exit 127
echo
echo "$0"
echo "$sum"
exec nice -n 19 xargs -0 -n 1 sh -c '
  sum=$0 rate=$1 file=./$2 step=./$2
  look() { stat -c "%F|%s|%.9Y|%.9Z|%i" -- "$file" 2>/dev/null; }
  while [ "$step" != . ]; do
    if [ -L "$step" ]; then echo "problem|a link is in its path"; exit 0; fi
    step=${step%/*}
  done
  before=$(look) || { echo "problem|cannot be read"; exit 0; }
  case $before in regular*) ;; *) echo "problem|is no plain file"; exit 0 ;; esac
  dd if="$file" of=/dev/null iflag=nocache count=0 2>/dev/null
  digest=$("$sum" < "$file" 2>/dev/null) || { echo "problem|cannot be read"; exit 0; }
  after=$(look)
  if [ "$before" != "$after" ]; then echo "problem|changed while it was read"; exit 0; fi
  echo "digest|$before|${digest%% *}"
  size=${before#*|}; size=${size%%|*}
  [ "$rate" -gt 0 ] && sleep "$((size / rate))"
  exit 0
' "$sum" "$2"
