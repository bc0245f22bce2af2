using System.Text.RegularExpressions;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// The rules from labels to kinds, as PhysioNet's records, EDF+'s standard texts (<c>EEG ECG-Ref</c>, <c>EKG1-EKG2</c>), monitors and
/// wearables write them. Leads are exact names. Other kinds are words of the label; a label with a word for something derived from a signal
/// (rate, quality, status, …) has no kind, nor has one with words of two kinds.
/// </summary>
internal static partial class ChannelLabels
{
    private static readonly (string Start, SignalKind Kind)[] WordStarts =
    [
        ("ECG", SignalKind.Ecg), ("EKG", SignalKind.Ecg),
        ("PPG", SignalKind.Ppg), ("PLETH", SignalKind.Ppg), ("BVP", SignalKind.Ppg),
        ("AECG", SignalKind.FetalEcg), ("FECG", SignalKind.FetalEcg), ("ABDOMEN", SignalKind.FetalEcg),
        ("PCG", SignalKind.HeartSound), ("GYR", SignalKind.Gyr),
    ];

    private static readonly Dictionary<string, SignalKind> Words = new(StringComparer.Ordinal)
    {
        ["ACC"] = SignalKind.Acc,
        ["ACCX"] = SignalKind.Acc,
        ["ACCY"] = SignalKind.Acc,
        ["ACCZ"] = SignalKind.Acc,
        ["ACCEL"] = SignalKind.Acc,
        ["ACCELERATION"] = SignalKind.Acc,
        ["ACCELEROMETER"] = SignalKind.Acc,
        ["RESP"] = SignalKind.Resp,
        ["RESPIRATION"] = SignalKind.Resp,
    };

    // Whole labels: as words of longer ones they would be anything.
    private static readonly Dictionary<string, SignalKind> Labels = new(StringComparer.Ordinal)
    {
        ["CVP"] = SignalKind.Cvp,
        ["FHR"] = SignalKind.FetalHeartRate,
        ["FHR1"] = SignalKind.FetalHeartRate,
        ["FHR2"] = SignalKind.SecondFetalHeartRate,
        ["UC"] = SignalKind.UterineActivity,
        ["UA"] = SignalKind.UterineActivity,
        ["TOCO"] = SignalKind.UterineActivity,
        ["R"] = SignalKind.Camera,
        ["G"] = SignalKind.Camera,
        ["B"] = SignalKind.Camera,
    };

    private static readonly HashSet<string> Derived = new(StringComparer.Ordinal)
    {
        "HR", "HRV", "RATE", "BPM", "RR", "RRI", "IBI", "QUALITY", "SQI", "VALID", "STATUS", "STATE", "FLAG", "FLAGS", "INDEX",
        "PEAK", "PEAKS", "BEAT", "BEATS", "TIME", "TIMESTAMP", "EVENT", "EVENTS", "MARKER", "OFF", "COUNT", "COUNTER", "DERIVED",
        "EDR", "ALARM", "LABEL", "ANNOTATION", "ANNOTATIONS",
    };

    /// <summary>The kind; <see cref="SignalKind.Unknown"/> when no rule fits.</summary>
    public static SignalKind KindOf(string label)
    {
        var name = label.Trim(' ', ',', '.', '\'', '"').ToUpperInvariant();
        if (IsLead(name))
            return SignalKind.Ecg;
        if (PressureName().IsMatch(name))
            return SignalKind.Abp;
        return Labels.TryGetValue(name, out var kind) ? kind : KindOfWords(label);
    }

    /// <summary>
    /// Whether a label is exactly the name of a lead: limb, chest (V1 to V9, V3R), modified ones of monitors (MLII, MCL1).
    /// </summary>
    public static bool IsLead(string label) => LeadName().IsMatch(label.Trim(' ', ',', '.', '\'', '"'));

    private static SignalKind KindOfWords(string label)
    {
        var found = SignalKind.Unknown;
        foreach (Match match in Word().Matches(label))
        {
            var word = match.Value.ToUpperInvariant();
            if (Derived.Contains(word))
                return SignalKind.Unknown;
            var kind = KindOfWord(word);
            if (kind == SignalKind.Unknown || kind == found)
                continue;
            if (found != SignalKind.Unknown)
                return SignalKind.Unknown;
            found = kind;
        }
        return found;
    }

    private static SignalKind KindOfWord(string word)
    {
        if (Words.TryGetValue(word, out var kind))
            return kind;
        foreach (var (start, ofStart) in WordStarts)
            if (word.StartsWith(start, StringComparison.Ordinal))
                return ofStart;
        return SignalKind.Unknown;
    }

    [GeneratedRegex(
        "^(LEAD[ _-]?)?(I|II|III|AV[RLF]|V[1-9]R?|ML(I|II|III)|MCL[1-6]?)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LeadName();

    [GeneratedRegex("^(ABP|ART)[ _-]?[1-9]?$", RegexOptions.CultureInvariant)]
    private static partial Regex PressureName();

    // Letters, cut before a capital that follows small ones: RespRate is two words, fECG is one.
    [GeneratedRegex("[A-Z]+[a-z]*|[a-z]{2,}(?=[A-Z])|[a-z]+[A-Z]*", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
