using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Camera;

/// <summary>
/// Heart rate and pulses from a camera's mean red, green and blue of a face or of a fingertip (<see cref="CameraTraces"/>), by the PPG's
/// spectra, belief over rates, detectors of pulses and verdict (<see cref="PpgStage"/>). Frames are missing samples (NaN) where they were
/// dropped. State: under 4 KiB.
/// </summary>
public sealed class CameraStage : IWindowStage
{
    /// <summary>Fewest frames per second.</summary>
    public const double MinRateHz = 15;

    private readonly CameraTraces _traces;
    private readonly PpgStage _pulse;

    /// <summary>For the first camera of <paramref name="channels"/>, at <paramref name="rateHz"/> frames per second (15 or more).</summary>
    /// <exception cref="ArgumentException">No channel of a camera, or a rate too low.</exception>
    public CameraStage(ChannelLayout channels, double rateHz)
        : this(channels, rateHz, null, PpgConstants.Default)
    {
    }

    /// <summary>With other projections, constants or verdict than every stream's: to compare and to fit them.</summary>
    internal CameraStage(
        ChannelLayout channels, double rateHz, ColourMethod[]? methods, PpgConstants constants, PpgLogOdds? logOdds = null)
    {
        ArgumentNullException.ThrowIfNull(channels);
        if (!(rateHz >= MinRateHz))
            throw new ArgumentException($"{rateHz} frames per second; a pulse needs {MinRateHz} or more.", nameof(rateHz));
        _traces = new CameraTraces(channels, rateHz, methods);
        _pulse = new PpgStage(_traces, [], rateHz, constants, logOdds: logOdds ?? CameraPresenceWeights.LogOdds);
    }

    /// <inheritdoc/>
    public void Accept(in Window window, StageOutput output)
    {
        var wasFingertip = _traces.IsFingertip;
        _traces.Look(window);
        if (_traces.IsFingertip != wasFingertip)
            _pulse.Reset();
        _pulse.Accept(window, output);
        if (_traces.IsFingertip != wasFingertip)        // what was given before is not found again
            Forget(output, window.EndIndex - window.NewSampleCount);
    }

    private static void Forget(StageOutput output, long before) =>
        output.Beats.RemoveAll(beat => beat.Signal == SignalKind.Camera && beat.SampleIndex < before);

    /// <inheritdoc/>
    public void Finish(in Window tail, StageOutput output)
    {
        _traces.Look(tail);
        _pulse.Finish(tail, output);
    }

    /// <inheritdoc/>
    public void Reset() => _pulse.Reset();

    /// <inheritdoc/>
    public string StateName => "camera";

    /// <inheritdoc/>
    public int StateVersion => 1;

    /// <inheritdoc/>
    public bool IsMissed => false;

    /// <inheritdoc/>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Value(ref _traces.IsFingertip);
        _pulse.Transfer(state, PulseStateVersion);
    }

    private const int PulseStateVersion = 6;    // of the PPG's form, in version 1
}
