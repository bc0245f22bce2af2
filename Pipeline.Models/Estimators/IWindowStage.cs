using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Estimators.Fetal;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>
/// What is done with the windows of one device stream: an estimator of one signal kind. Pure: its output is a function of the windows since
/// the last <see cref="Reset"/>. One thread at a time; allocates nothing after its first window.
/// </summary>
public interface IWindowStage
{
    /// <summary>
    /// Takes the next window; windows come in order of their ids and without holes (a hole is a <see cref="Reset"/>). Adds one estimate
    /// for each of its metrics, with or without a value, or a question that stands for it, and the beats and events that became certain.
    /// </summary>
    void Accept(in Window window, StageOutput output);

    /// <summary>
    /// The stream ends: <paramref name="tail"/> holds the samples after the last whole window as its new samples (none when
    /// <see cref="Window.NewSampleCount"/> is 0). Adds the beats and events that are left; no estimate.
    /// </summary>
    void Finish(in Window tail, StageOutput output);

    /// <summary>
    /// Samples are missing for longer than a window (or none came yet): what a stage knows is to be forgotten. One whose output spans
    /// minutes may keep it, and decide by the next window's place.
    /// </summary>
    void Reset();

    /// <summary>From the next window on <paramref name="network"/> is asked by a stage that asks one of its task; the others pass over
    /// it.</summary>
    void Use(INetwork network)
    {
    }

    /// <summary>Name of the form of its state, the same in every program that reads it; not empty.</summary>
    string StateName { get; }

    /// <summary>Version of the state that is written, from 1. It grows when a field is added; older ones are still read.</summary>
    int StateVersion { get; }

    /// <summary>The network whose state is among the fields, by name and version; empty where there is none.</summary>
    string StateModel => "";

    /// <summary>
    /// Whether it is said when a snapshot has nothing of it. Not of a stage that an older program did not have: until it knows enough, it
    /// gives no value.
    /// </summary>
    bool IsMissed => true;

    /// <summary>Hands every mutable field over, in a fixed order, between two windows: for a snapshot, and for going back when a stage
    /// throws.</summary>
    void Transfer(StateTransfer state);

    /// <summary>The network's recurrent state that an older form of the stage's state held; null otherwise, and after the first
    /// call.</summary>
    RateMemory? TakeRestoredMemory() => null;
}

/// <summary>What the stages of one window said; cleared and used again for the next.</summary>
public sealed class StageOutput
{
    // Some 5 KB each, and a shard has its own: the collector handles what a burst wants more.
    private const int MostIdle = 8;

    private readonly List<NetworkQuestion> _idle = new(MostIdle);

    /// <summary>The estimates, in the order of the stages.</summary>
    public List<Estimate> Estimates { get; } = [];

    /// <summary>Windows of which a network is to say the estimate. Whoever takes them out gives them back by
    /// <see cref="Return"/>.</summary>
    public List<NetworkQuestion> Questions { get; } = [];

    /// <summary>The beats that became certain, in ascending order within a signal kind.</summary>
    public List<Beat> Beats { get; } = [];

    /// <summary>The events that were recognized, or are over.</summary>
    public List<SignalEvent> Events { get; } = [];

    /// <summary>Makes it empty.</summary>
    public void Clear()
    {
        Estimates.Clear();
        Questions.Clear();
        Beats.Clear();
        Events.Clear();
    }

    /// <summary>Takes back a question that is done with, to be asked again.</summary>
    public void Return(NetworkQuestion question)
    {
        if (_idle.Count == MostIdle)
            _idle.RemoveAt(0);      // of a kind that is not asked any more, or not as often
        _idle.Add(question);
    }

    /// <summary>Adds a question for <paramref name="model"/>, to be filled by the stage.</summary>
    internal RateQuestion Ask(RateModel model) => Add(TakeIdle<RateQuestion>(model) ?? new RateQuestion(model));

    /// <summary>Adds a question for <paramref name="model"/>, to be filled by the stage.</summary>
    internal FetalQuestion Ask(FetalModel model) => Add(TakeIdle<FetalQuestion>(model) ?? new FetalQuestion(model));

    /// <summary>Adds a question for <paramref name="model"/>, to be filled by the stage.</summary>
    internal AutoencoderQuestion Ask(EcgAutoencoder model) => Add(TakeIdle<AutoencoderQuestion>(model) ?? new AutoencoderQuestion(model));

    private T Add<T>(T question)
        where T : NetworkQuestion
    {
        Questions.Add(question);
        return question;
    }

    private T? TakeIdle<T>(RecurrentModel model)
        where T : NetworkQuestion
    {
        for (var i = _idle.Count - 1; i >= 0; i--)
            if (_idle[i] is T idle)
            {
                _idle.RemoveAt(i);
                // One that does not suit is an earlier model's.
                if (idle.TryTurnTo(model))
                    return idle;
            }
        return null;
    }
}
