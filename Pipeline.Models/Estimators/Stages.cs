using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Estimators.Camera;
using Pipeline.Models.Estimators.Ctg;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Estimators.Fetal;
using Pipeline.Models.Estimators.HeartSound;
using Pipeline.Models.Estimators.Hrv;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Estimators.Pressure;
using Pipeline.Models.Estimators.Rhythm;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators;

/// <summary>Which estimators a device stream gets: the one place to register a new signal kind's.</summary>
public static class Stages
{
    /// <summary>The name under which the estimators that need no training are chosen and stored.</summary>
    public const string Classical = "classical";

    /// <summary>The name by which the best that is there is chosen: the heart-rate network that ships; without it,
    /// <see cref="Classical"/>.</summary>
    public const string Auto = "auto";

    /// <summary>From this version of the states of ECG and pressure on, what no later window asks for is left out.</summary>
    internal const int WithoutPast = 3;

    private static readonly SignalKind[] BestBeats = [SignalKind.Ecg, SignalKind.Ppg, SignalKind.Abp, SignalKind.HeartSound, SignalKind.Camera];     // the best first

    /// <summary>Samples per second that a signal of <paramref name="kind"/> needs to be estimated from; null where no estimator takes the
    /// kind.</summary>
    public static double? MinRateHz(SignalKind kind) => kind switch
    {
        SignalKind.Ppg => PpgStage.MinRateHz,
        SignalKind.Ecg => EcgStage.MinRateHz,
        SignalKind.Abp => AbpStage.MinRateHz,
        SignalKind.Camera => CameraStage.MinRateHz,
        SignalKind.FetalEcg => FetalStage.MinRateHz,
        SignalKind.HeartSound => HeartSoundStage.MinRateHz,
        SignalKind.FetalHeartRate or SignalKind.SecondFetalHeartRate or SignalKind.UterineActivity => CtgAnalysis.MinRateHz,
        _ => null,
    };

    /// <summary>
    /// The stages for a stream of <paramref name="channels"/> at <paramref name="rateHz"/>; empty when no channel has a kind that something
    /// is estimated from. Of <paramref name="networks"/> (they stay the caller's) a heart-rate network estimates from PPG where it takes
    /// the rate and the windows' shape; else the classical estimator does. A QRS network decides what is a beat of an ECG, else a rule
    /// does. A fetal network is asked beside the classical estimator, an autoencoder about the beats of an ECG. Traces of a cardiotocograph
    /// are read by <paramref name="ctg"/>, FIGO's rules by default.
    /// </summary>
    public static IWindowStage[] Create(
        ChannelLayout channels, double rateHz, IReadOnlyList<INetwork>? networks = null, WindowShape? shape = null, CtgRules? ctg = null)
    {
        ArgumentNullException.ThrowIfNull(channels);
        var stages = new List<IWindowStage>();
        T? Of<T>() => networks is null ? default : networks.OfType<T>().FirstOrDefault();
        var rate = Of<RateModel>();
        if (rateHz >= PpgStage.MinRateHz && channels.IndicesOf(SignalKind.Ppg).Length > 0)
            stages.Add(rate is null ? new PpgStage(channels, rateHz) : new NetworkPpgStage(channels, rateHz, shape ?? WindowShape.Default, rate));
        if (rateHz >= EcgStage.MinRateHz && channels.IndicesOf(SignalKind.Ecg).Length > 0)
        {
            stages.Add(new EcgStage(channels, rateHz, Of<QrsModel>()));
            stages.Add(new BeatStage(channels, rateHz));        // labels the beats of the one before
            if (Of<EcgAutoencoder>() is { } autoencoder)
                stages.Add(new AutoencoderStage(channels, rateHz, shape, autoencoder));
        }
        if (rateHz >= AbpStage.MinRateHz && channels.IndicesOf(SignalKind.Abp).Length > 0)
        {
            var pulses = new AbpStage(channels, rateHz);
            stages.Add(pulses);
            stages.Add(new PressureStage(channels, rateHz, pulses));
        }
        if (rateHz >= HeartSoundStage.MinRateHz && channels.IndicesOf(SignalKind.HeartSound).Length > 0)
            stages.Add(new HeartSoundStage(channels, rateHz));
        if (rateHz >= CameraStage.MinRateHz && channels.IndicesOf(SignalKind.Camera).Length > 0)
            stages.Add(new CameraStage(channels, rateHz));
        if (rateHz >= FetalStage.MinRateHz && channels.IndicesOf(SignalKind.FetalEcg).Length > 0)
        {
            stages.Add(new FetalStage(channels, rateHz, shape, Of<FetalModel>()));
            stages.Add(new FetalTraceStage(rateHz, ctg));       // reads the beats of the one before
        }
        if (rateHz >= CtgAnalysis.MinRateHz && channels.Span.ToArray().Any(channel => CtgStage.Takes(channel.Kind)))
            stages.Add(new CtgStage(channels, rateHz, ctg));
        foreach (var kind in BestBeats)                         // these read the beats of those before
            if (rateHz >= MinRateHz(kind) && channels.IndicesOf(kind).Length > 0)
            {
                if (kind is SignalKind.Ecg or SignalKind.Ppg)
                    stages.Add(new RhythmStage(channels, rateHz, kind));
                stages.Add(new HrvStage(rateHz, kind));
                break;
            }
        return [.. stages];
    }
}
