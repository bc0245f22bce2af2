using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Alarms;

namespace Pipeline.Host.Store;

/// <summary>
/// The one written form of a point, for InfluxDB 1, 2, 3 and for the segments of the embedded store:
/// <code>vitals,ward=W,bed=B,pid=P,device=D,signal=ecg,metric=heart_rate quality=1,coverage=1,status="ok",model="classical",value=72,sigma=0.8 TIME_NS</code>
/// One point is one line, whatever its names hold.
/// The measurement is the metric's (<see cref="Names.MeasurementOf"/>). An event is a point at its begin, with four fields more:
/// <code>fetal,…,signal=fhr,metric=deceleration quality=1,…,value=48,kind="deceleration_late",priority="low",reason="…",end=1782892858000 TIME_NS</code>
/// <c>value</c> is its length in seconds; <c>end</c>, milliseconds since 1970, is not there while it lasts, when its metric is <c>…_ongoing</c> and its value the length so far.
/// A change of the patient's alarms is a point of no device, with the alarm and the one to be shown of the bed in fields:
/// <code>alarm,…,device=-,signal=unknown,metric=alarm quality=1,…,value=2,action="raised",sequence=12,…,top="asystole",…,kind="tachycardia",… TIME_NS</code>
/// <c>value</c> is how many are open; <c>sequence</c> counts the patient's changes without holes, and stands in the last six digits of the time, too.
/// <list type="bullet">
/// <item>The six tags and the time identify the point; they come from the records, so the same chunk gives the same point again.</item>
/// <item>Every field has one type for ever: numbers are floats (no <c>i</c>), <c>status</c> and <c>model</c> are strings.</item>
/// <item><c>quality coverage status model</c> are in every line. <c>value</c> and <c>sigma</c> are there exactly when they are finite, for
/// line protocol has no NaN and a number in its place (0, −1) would be averaged. Written again from the same records, a point has the
/// same fields, so all of it is overwritten. When a later run (another model) no longer has a value where an earlier one had, the store
/// keeps the earlier number beside the new <c>status</c>: therefore <b>a value counts only where <c>status</c> is <c>ok</c></b>, and every
/// query of ours says so.</item>
/// <item>A tag cannot be empty: <c>-</c> stands for "not known". A control character becomes U+FFFD. A tag's backslash before a comma, an
/// equals sign, a space or the end, where it would be read as an escape, becomes U+FF3C (＼).</item>
/// </list>
/// </summary>
internal static class LineProtocol
{
    /// <summary>The measurement of rates.</summary>
    public const string Measurement = "vitals";

    /// <summary>The measurements of all series of the records.</summary>
    public static readonly string[] SeriesMeasurements =
        [.. Enum.GetValues<Metric>().Where(metric => metric != Metric.Presence).Select(Names.MeasurementOf).Distinct()];

    /// <summary>
    /// The measurement that says whether a device sends: the tags of its points but <c>metric</c>, field <c>status</c> (<c>silent</c>, <c>ok</c>), and <c>since</c>, the event
    /// time up to which it has sent, in milliseconds since 1970. Its times are the wall clock's: it is no series of the records.
    /// </summary>
    public const string PresenceMeasurement = "presence";

    /// <summary>The tag value for a name that is empty.</summary>
    public const string NoName = "-";

    /// <summary>Longest series key (measurement and tags, in bytes) that InfluxDB takes.</summary>
    public const int MaxSeriesBytes = 65_535;

    private const char Replacement = '\uFFFD';
    private const char FullWidthBackslash = '\uFF3C';
    private const int LongestNumber = 32;

    private static readonly SearchValues<char> TagSpecials = SearchValues.Create([',', '=', ' ', '\\', .. ControlCharacters()]);
    private static readonly SearchValues<char> StringSpecials = SearchValues.Create(['"', '\\', .. ControlCharacters()]);

    /// <summary>
    /// Why a point cannot be written at all, or null when it can: names too long for a series key, a quality or coverage that is not a number.
    /// </summary>
    public static string? FindFault(VitalPoint point)
    {
        // Escaping at most doubles an ASCII character and a character takes at most 3 bytes.
        var longest = 3 * ((long)point.Ward.Length + point.Bed.Length + point.Device.Length + point.Patient.Value.Length) + 256;
        if (longest > MaxSeriesBytes)
            return $"ward, bed, device and pseudonym may take {longest} bytes; a series key has room for {MaxSeriesBytes}";
        var estimate = point.Estimate;
        return double.IsFinite(estimate.Quality) && double.IsFinite(estimate.Coverage)
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"quality {estimate.Quality}, coverage {estimate.Coverage}; numbers from 0 to 1 are wanted");
    }

    /// <summary>Writes <paramref name="point"/>, which has no <see cref="FindFault">fault</see>, as one line, line feed included.</summary>
    public static void Append(VitalPoint point, ArrayBufferWriter<byte> target)
    {
        var estimate = point.Estimate;
        if (estimate.Metric == Metric.Presence)
        {
            AppendPresence(point, target);
            return;
        }
        Utf8(target, Names.MeasurementOf(estimate.Metric));
        Tag(target, ",ward="u8, point.Ward);
        Tag(target, ",bed="u8, point.Bed);
        Tag(target, ",pid="u8, point.Patient.Value);
        Tag(target, ",device="u8, point.Device);
        Tag(target, ",signal="u8, Names.Of(estimate.Signal));
        Tag(target, ",metric="u8, Names.Of(estimate.Metric));
        Number(target, " quality="u8, estimate.Quality);
        Number(target, ",coverage="u8, estimate.Coverage);
        Text(target, ",status=\""u8, Names.Of(estimate.Status));
        Text(target, ",model=\""u8, estimate.Model);
        if (estimate.Status == EstimateStatus.Ok && double.IsFinite(estimate.Value))
        {
            Number(target, ",value="u8, estimate.Value);
            if (double.IsFinite(estimate.Sigma))
                Number(target, ",sigma="u8, estimate.Sigma);
        }
        if (point.Event is { } one)
            AppendEvent(one, target);
        if (point.Alarm is { } change)
            AppendAlarm(change, target);
        Time(target, point);
    }

    private static void AppendAlarm(AlarmChange change, ArrayBufferWriter<byte> target)
    {
        Text(target, ",action=\""u8, AlarmNames.Of(change.Action));
        Number(target, ",sequence="u8, change.Sequence);
        Text(target, ",by=\""u8, change.By);
        Text(target, ",why=\""u8, change.Why);
        Number(target, ",paused="u8, change.PausedUntil is null ? 0 : 1);
        Text(target, ",top=\""u8, AlarmNames.Of(change.Top?.Kind ?? AlarmKind.None));
        Text(target, ",top_priority=\""u8, Names.Of(change.Top?.Priority ?? EventPriority.Information));
        Text(target, ",top_state=\""u8, AlarmNames.Of(change.Top?.State ?? AlarmState.Ended));
        Number(target, ",urgency="u8, UrgencyOf(change));
        if (change.Alarm is not { } alarm)
            return;
        Text(target, ",kind=\""u8, AlarmNames.Of(alarm.Kind));
        Text(target, ",priority=\""u8, Names.Of(alarm.Priority));
        Text(target, ",state=\""u8, AlarmNames.Of(alarm.State));
        Number(target, ",number="u8, alarm.Number);
        Number(target, ",begin="u8, alarm.Begin.UnixNanoseconds / 1_000_000);
        Text(target, ",source=\""u8, alarm.Device);
        Number(target, ",level="u8, alarm.Level);
        Text(target, ",reason=\""u8, alarm.Reason);
        if (double.IsFinite(alarm.Value))
            Number(target, ",rate="u8, alarm.Value);
        if (double.IsFinite(alarm.Limit))
            Number(target, ",limit="u8, alarm.Limit);
    }

    private static int UrgencyOf(AlarmChange change)
    {
        var urgency = 0;
        foreach (var open in change.Open)
            urgency = open.State == AlarmState.Acknowledged ? urgency : Math.Max(urgency, AlarmNames.RankOf(open.Priority));
        return urgency;
    }

    private static void AppendEvent(PatientEvent one, ArrayBufferWriter<byte> target)
    {
        Text(target, ",kind=\""u8, Names.Of(one.Kind));
        Text(target, ",priority=\""u8, Names.Of(one.Priority));
        Text(target, ",reason=\""u8, one.Reason);
        if (one.IsOver)
            Number(target, ",end="u8, one.End.UnixNanoseconds / 1_000_000);
    }

    private static void AppendPresence(VitalPoint point, ArrayBufferWriter<byte> target)
    {
        target.Write("presence"u8);
        Tag(target, ",ward="u8, point.Ward);
        Tag(target, ",bed="u8, point.Bed);
        Tag(target, ",pid="u8, point.Patient.Value);
        Tag(target, ",device="u8, point.Device);
        Tag(target, ",signal="u8, Names.Of(point.Estimate.Signal));
        Text(target, " status=\""u8, Names.Of(point.Estimate.Status));
        Number(target, ",since="u8, point.WindowStart.UnixNanoseconds / 1_000_000);
        Time(target, point);
    }

    private static void Time(ArrayBufferWriter<byte> target, VitalPoint point)
    {
        target.Write(" "u8);
        Utf8Formatter.TryFormat(point.Time.UnixNanoseconds, target.GetSpan(LongestNumber), out var written);
        target.Advance(written);
        target.Write("\n"u8);
    }

    private static void Tag(ArrayBufferWriter<byte> target, ReadOnlySpan<byte> name, string value)
    {
        target.Write(name);
        if (value.Length == 0)
            value = NoName;
        if (value.AsSpan().ContainsAny(TagSpecials))
            value = EscapeTag(value);
        Utf8(target, value);
    }

    private static void Text(ArrayBufferWriter<byte> target, ReadOnlySpan<byte> name, string value)
    {
        target.Write(name);
        if (value.AsSpan().ContainsAny(StringSpecials))
            value = EscapeString(value);
        Utf8(target, value);
        target.Write("\""u8);
    }

    private static void Number(ArrayBufferWriter<byte> target, ReadOnlySpan<byte> name, double value)
    {
        target.Write(name);
        value.TryFormat(target.GetSpan(LongestNumber), out var written, default, CultureInfo.InvariantCulture);
        target.Advance(written);
    }

    private static void Utf8(ArrayBufferWriter<byte> target, string value) =>
        target.Advance(Encoding.UTF8.GetBytes(value, target.GetSpan(Encoding.UTF8.GetMaxByteCount(value.Length))));

    private static string EscapeTag(string value)
    {
        var escaped = new StringBuilder(value.Length + 8);
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (c is ',' or '=' or ' ')
                escaped.Append('\\').Append(c);
            else if (c == '\\' && (i + 1 == value.Length || value[i + 1] is ',' or '=' or ' '))
                escaped.Append(FullWidthBackslash);
            else
                escaped.Append(char.IsControl(c) ? Replacement : c);
        }
        return escaped.ToString();
    }

    private static string EscapeString(string value)
    {
        var escaped = new StringBuilder(value.Length + 8);
        foreach (var c in value)
        {
            if (c is '"' or '\\')
                escaped.Append('\\');
            escaped.Append(char.IsControl(c) ? Replacement : c);
        }
        return escaped.ToString();
    }

    private static IEnumerable<char> ControlCharacters() => Enumerable.Range(0, 0xA0).Select(c => (char)c).Where(char.IsControl);
}
