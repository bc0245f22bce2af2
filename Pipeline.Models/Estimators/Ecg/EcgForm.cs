using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>What ECG stages of like streams share: which channels are used, and how. Immutable.</summary>
internal sealed class EcgForm
{
    private const double WorkingHz = 300;
    private static readonly SharedPlans<string, EcgForm> Known = new();

    /// <summary>
    /// The form of streams of <paramref name="channels"/>, of which one is an ECG at least, on whose beats <paramref name="score"/> decides
    /// where there is no network.
    /// </summary>
    public EcgForm(ChannelLayout channels, double rateHz, QrsScore score)
    {
        Channels = LeadChoice.Spread(channels.IndicesOf(SignalKind.Ecg), EcgStage.MaxLeads);
        Millivolts = Array.ConvertAll(Channels, c => LeadChoice.MillivoltIn(channels[c].Unit));
        RateHz = rateHz;
        Group = Math.Max(1, (int)Math.Round(rateHz / WorkingHz));
        Score = score;
    }

    /// <summary>The one that all streams of such channels share, with the fitted rule.</summary>
    public static EcgForm Of(ChannelLayout channels, double rateHz)
    {
        var leads = channels.IndicesOf(SignalKind.Ecg).Select(c => FormattableString.Invariant($"{c}{channels[c].Unit}"));
        var key = FormattableString.Invariant($"{rateHz:R}/{string.Join('/', leads)}");
        return Known.Get(key, _ => new EcgForm(channels, rateHz, QrsScore.Default));
    }

    /// <summary>Indices of the used channels, at most <see cref="EcgStage.MaxLeads"/>.</summary>
    public int[] Channels { get; }

    /// <summary>One millivolt in the unit of each; 0 where the unit says nothing.</summary>
    public float[] Millivolts { get; }

    /// <summary>Samples per second of the stream.</summary>
    public double RateHz { get; }

    /// <summary>Samples that are averaged to one of the detector's.</summary>
    public int Group { get; }

    /// <summary>Decides where there is no network.</summary>
    public QrsScore Score { get; }

    /// <summary>Bytes of the state that are samples and waves, a second or two of them; the rest was learnt from them.</summary>
    public int SampleBytes => QrsTiming.At(RateHz / Group).SampleBytes(Channels.Length);
}
