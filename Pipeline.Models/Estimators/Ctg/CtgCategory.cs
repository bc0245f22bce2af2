namespace Pipeline.Models.Estimators.Ctg;

/// <summary>FIGO 2015 category of a cardiotocogram. The numbers are the values of <see cref="Metric.FetalCategory"/>.</summary>
public enum CtgCategory
{
    /// <summary>Cannot be told.</summary>
    None = 0,

    /// <summary>All features are normal.</summary>
    Normal = 1,

    /// <summary>One feature at least is not normal, none is pathological.</summary>
    Suspicious = 2,

    /// <summary>One feature at least is pathological.</summary>
    Pathological = 3,
}

/// <summary>Why a trace has its category.</summary>
[Flags]
internal enum CtgReasons
{
    None = 0,
    BaselineHigh = 1,
    BaselineLow = 1 << 1,
    BaselineVeryLow = 1 << 2,
    Reduced = 1 << 3,
    ReducedLong = 1 << 4,
    Increased = 1 << 5,
    IncreasedLong = 1 << 6,
    Sinusoidal = 1 << 7,
    Repetitive = 1 << 8,
    RepetitiveLate = 1 << 9,
    LongDeceleration = 1 << 10,
    NoToco = 1 << 11,
    Pathological = BaselineVeryLow | ReducedLong | IncreasedLong | Sinusoidal | RepetitiveLate | LongDeceleration,
    Suspicious = BaselineHigh | BaselineLow | Reduced | Increased | Repetitive,
}

/// <summary>A deceleration that counts.</summary>
/// <param name="Begin">First second.</param>
/// <param name="End">Second after the last.</param>
/// <param name="Kind">Its kind.</param>
internal readonly record struct Deceleration(long Begin, long End, EventKind Kind)
{
    public bool IsLateOrProlonged => Kind is EventKind.LateDeceleration or EventKind.ProlongedDeceleration;
}

/// <summary>What the category is told from, at one time.</summary>
/// <param name="Now">The second up to which decelerations and contractions are final.</param>
/// <param name="Baseline">Mean of the last ten minutes, beats per minute.</param>
/// <param name="Variability">Mean bandwidth of the last ten minutes, beats per minute; NaN: not known.</param>
/// <param name="Minutes">How long variability has been reduced, increased, the trace sinusoidal.</param>
/// <param name="HasToco">Whether there was a toco signal for most of the last quarter of an hour.</param>
internal readonly record struct CtgFindings(
    long Now, float Baseline, float Variability, (int Reduced, int Increased, int Sinusoidal) Minutes, bool HasToco);

/// <summary>
/// The rules of FIGO 2015 (Ayres-de-Campos et al., doi:10.1016/j.ijgo.2015.06.020, table 3), with the limits of <see cref="CtgRules"/>.
/// </summary>
internal static class CtgClassification
{
    private const int LeastContractions = 3, LeastInHalf = 2;

    /// <summary>
    /// What holds of a trace. <paramref name="decelerations"/> of the last hour, <paramref name="contractions"/> likewise, in any order.
    /// </summary>
    public static CtgReasons Reasons(
        in CtgFindings found, ReadOnlySpan<Deceleration> decelerations, ReadOnlySpan<Contraction> contractions, CtgRules rules)
    {
        var reasons = CtgReasons.None;
        void When(bool holds, CtgReasons reason) => reasons |= holds ? reason : CtgReasons.None;
        When(found.Baseline > rules.BaselineHigh, CtgReasons.BaselineHigh);
        When(found.Baseline < rules.BaselineLow, CtgReasons.BaselineLow);
        When(found.Baseline < rules.BaselineVeryLow, CtgReasons.BaselineVeryLow);
        When(found.Variability < rules.VariabilityLow, CtgReasons.Reduced);
        When(found.Variability > rules.VariabilityHigh, CtgReasons.Increased);
        When(found.Minutes.Reduced > rules.ReducedMinutes, CtgReasons.ReducedLong);
        When(found.Minutes.Increased > rules.IncreasedMinutes, CtgReasons.IncreasedLong);
        When(found.Minutes.Sinusoidal > rules.SinusoidalMinutes, CtgReasons.Sinusoidal);
        var (from, recent) = (found.Now - 60 * rules.RepetitiveMinutes, 0);
        foreach (var one in decelerations)
        {
            recent += one.Begin >= from ? 1 : 0;
            When(one.End > from && one.End - one.Begin > 60 * rules.LongDecelerationMinutes, CtgReasons.LongDeceleration);
        }
        if (!found.HasToco)
        {
            When(recent > 0, CtgReasons.NoToco);
            return reasons;
        }
        When(IsRepetitive(from, found.Now, LeastContractions, decelerations, contractions, rules, lateOnly: false), CtgReasons.Repetitive);
        var minutes = found.Minutes.Reduced > 0 ? rules.RepetitiveMinutesWhenReduced : rules.RepetitiveMinutes;
        var (begin, middle) = (found.Now - 60 * minutes, found.Now - 30 * minutes);
        When(begin >= 0
            && IsRepetitive(begin, middle, LeastInHalf, decelerations, contractions, rules, lateOnly: true)
            && IsRepetitive(middle, found.Now, LeastInHalf, decelerations, contractions, rules, lateOnly: true), CtgReasons.RepetitiveLate);
        return reasons;
    }

    /// <summary>The category that the reasons make.</summary>
    public static CtgCategory Of(CtgReasons reasons) =>
        (reasons & CtgReasons.Pathological) != 0 ? CtgCategory.Pathological
        : (reasons & CtgReasons.Suspicious) != 0 ? CtgCategory.Suspicious
        : (reasons & CtgReasons.NoToco) != 0 ? CtgCategory.None
        : CtgCategory.Normal;

    /// <summary>The reasons in words, separated by semicolons.</summary>
    public static string Words(CtgReasons reasons, CtgRules rules)
    {
        // What is pathological says it all: its milder form, one bit below, is left out.
        const CtgReasons Severe =
            CtgReasons.BaselineVeryLow | CtgReasons.ReducedLong | CtgReasons.IncreasedLong | CtgReasons.RepetitiveLate;
        reasons &= ~(CtgReasons)((int)(reasons & Severe) >> 1);
        var words = new List<string>();
        void When(CtgReasons reason, FormattableString word)
        {
            if ((reasons & reason) != 0)
                words.Add(FormattableString.Invariant(word));
        }
        When(CtgReasons.BaselineVeryLow, $"baseline below {rules.BaselineVeryLow}");
        When(CtgReasons.BaselineLow, $"baseline below {rules.BaselineLow}");
        When(CtgReasons.BaselineHigh, $"baseline above {rules.BaselineHigh}");
        When(CtgReasons.ReducedLong, $"variability below {rules.VariabilityLow} for more than {rules.ReducedMinutes} min");
        When(CtgReasons.Reduced, $"variability below {rules.VariabilityLow}");
        When(CtgReasons.IncreasedLong, $"variability above {rules.VariabilityHigh} for more than {rules.IncreasedMinutes} min");
        When(CtgReasons.Increased, $"variability above {rules.VariabilityHigh}");
        When(CtgReasons.Sinusoidal, $"sinusoidal pattern for more than {rules.SinusoidalMinutes} min");
        When(CtgReasons.LongDeceleration, $"deceleration of more than {rules.LongDecelerationMinutes} min");
        When(CtgReasons.RepetitiveLate, $"repetitive late or prolonged decelerations");
        When(CtgReasons.Repetitive, $"repetitive decelerations");
        When(CtgReasons.NoToco, $"no toco: repetitive decelerations cannot be told");
        return words.Count == 0 ? "all features normal" : string.Join("; ", words);
    }

    /// <summary>
    /// Whether more than the share of the contractions that began in [from, to), of which there are <paramref name="least"/>, came with a
    /// deceleration.
    /// </summary>
    private static bool IsRepetitive(
        long from, long to, int least, ReadOnlySpan<Deceleration> decelerations, ReadOnlySpan<Contraction> contractions, CtgRules rules,
        bool lateOnly)
    {
        var (all, with) = (0, 0);
        foreach (var contraction in contractions)
        {
            if (contraction.Begin < from || contraction.Begin >= to)
                continue;
            all++;
            foreach (var one in decelerations)
                if ((!lateOnly || one.IsLateOrProlonged) && Contractions.Belongs(one.Begin, contraction))
                {
                    with++;
                    break;
                }
        }
        return all >= least && with > rules.RepetitiveShare * all;
    }
}
