using System.Globalization;
using Pipeline.Models.Alarms;

namespace Pipeline.Host.Estimates;

/// <summary>An alarm of a monitor that is to be checked: <c>KIND@SECONDS</c>.</summary>
/// <param name="Kind">One of the five arrhythmias.</param>
/// <param name="Seconds">When it was raised, from the recording's begin; more than 0. Nothing after it is used.</param>
internal sealed record AskedCheck(AlarmKind Kind, double Seconds)
{
    private static readonly (string Name, AlarmKind Kind)[] Kinds =
    [
        ("asystole", AlarmKind.Asystole), ("bradycardia", AlarmKind.ExtremeBradycardia), ("tachycardia", AlarmKind.ExtremeTachycardia),
        ("ventricular_tachycardia", AlarmKind.VentricularTachycardia), ("ventricular_fibrillation", AlarmKind.VentricularFibrillation),
    ];

    /// <summary>Reads <c>KIND@SECONDS</c>; answers what is wrong with it, or null.</summary>
    public static string? TryParse(string text, out AskedCheck? check)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var kind = Array.Find(Kinds, one => one.Name == (at < 0 ? text : text[..at])).Kind;
        check = kind != AlarmKind.None && at >= 0 && double.TryParse(text.AsSpan(at + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && seconds > 0 && double.IsFinite(seconds) ? new AskedCheck(kind, seconds) : null;
        return check is null ? $"{text}: KIND@SECONDS is wanted, of kind {string.Join(' ', Kinds.Select(one => one.Name))}" : null;
    }

    /// <summary>The row that is printed.</summary>
    public static string Row(AlarmVerdict verdict) =>
        string.Create(CultureInfo.InvariantCulture, $"{(verdict.IsTrue ? "true" : "false")},{verdict.Probability:0.####},{verdict.Reason}");
}
