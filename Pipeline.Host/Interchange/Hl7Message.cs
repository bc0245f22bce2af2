using System.Globalization;
using System.Text;

namespace Pipeline.Host.Interchange;

/// <summary>
/// HL7 v2.6 messages ORU^R01 as IHE's PCD-01 has them: one a patient, an OBX a value, MDC and LOINC codes. There is no package of HL7 v2 among those that are served; what is needed is this one message.
/// Segments end with CR.
/// </summary>
internal static class Hl7Message
{
    private const string Sender = "PIPELINE";

    /// <summary>Makes the message of a patient's values.</summary>
    /// <param name="values">Of one patient; at least one.</param>
    /// <param name="facility">Sending facility.</param>
    /// <param name="now">When it is made.</param>
    /// <param name="id">Tells the message from others (MSH-10).</param>
    public static string Of(IReadOnlyList<Measured> values, string facility, DateTimeOffset now, string id)
    {
        var message = new StringBuilder();
        Segment("MSH|^~\\&", Sender, Escaped(facility), "", "", TimeOf(now), "", "ORU^R01^ORU_R01", Escaped(id), "P", "2.6", "", "", "AL", "NE", "", "UNICODE UTF-8");
        Segment("PID", "1", "", $"{Escaped(values[0].Patient)}^^^{Sender}^PI");
        Segment("OBR", "1", "", $"{Escaped(id)}^{Sender}", "182777000^monitoring of patient^SCT", "", "", TimeOf(values.Max(one => one.Time)));
        for (var i = 0; i < values.Count; i++)
        {
            var one = values[i];
            Segment(
                "OBX", (i + 1).ToString(CultureInfo.InvariantCulture), one.Value is null ? "" : "NM", CodeOf(one), $"1.{i + 1}", one.Value?.ToString("G6", CultureInfo.InvariantCulture) ?? "",
                UnitOf(one.Unit), "", one.Value is null ? Escaped(one.Status) : "", one.Quality?.ToString("0.##", CultureInfo.InvariantCulture) ?? "", "", one.Value is null ? "X" : "R", "", "",
                TimeOf(one.Time), "", "", Escaped(one.Model), Escaped(one.Device));
        }
        return message.ToString();

        void Segment(params ReadOnlySpan<string> fields) => message.AppendJoin('|', fields.ToArray()).Append('\r');
    }

    private static string CodeOf(Measured one)
    {
        var codes = ObservationCodes.Of(one.Metric, one.Signal).Select(code => string.Join('^', Escaped(code.Code), Escaped(code.Display), code.System switch
        {
            ObservationCodes.Mdc => "MDC",
            ObservationCodes.Loinc => "LN",
            _ => "99PIPELINE",
        })).ToArray();
        // A coded element has room for two.
        return string.Join('^', codes.OrderBy(code => code.EndsWith("MDC", StringComparison.Ordinal) ? 0 : 1).Take(2));
    }

    private static string UnitOf(string ucum) => ObservationCodes.MdcUnitOf(ucum) is { } mdc ? $"{mdc.Code}^{mdc.Display}^MDC^{Escaped(ucum)}^{Escaped(ucum)}^UCUM" : $"{Escaped(ucum)}^{Escaped(ucum)}^UCUM";

    private static string TimeOf(DateTimeOffset time) => time.UtcDateTime.ToString("yyyyMMddHHmmss.fff'+0000'", CultureInfo.InvariantCulture);

    private static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var c in text)
            escaped.Append(c switch { '|' => "\\F\\", '^' => "\\S\\", '&' => "\\T\\", '~' => "\\R\\", '\\' => "\\E\\", _ when char.IsControl(c) => " ", _ => c.ToString() });
        return escaped.ToString();
    }
}
