using Pipeline.Models.Packages;

namespace Pipeline.Models.Estimators;

/// <summary>
/// A window that a network is asked about. A stage makes it when the window is complete, and waits for nothing; the answer becomes an
/// estimate later (<see cref="Answered"/>, or <see cref="Unanswered"/>), in the order of the stream's windows and by one thread at a time.
/// Made and used again by <see cref="StageOutput"/>.
/// </summary>
public abstract class NetworkQuestion
{
    private protected NetworkQuestion(RecurrentModel model) => (Model, Input, Output) = (model, new float[model.InputLength], new float[model.OutputLength]);

    /// <summary>The network.</summary>
    public RecurrentModel Model { get; private set; }

    /// <summary>The row of input, as the network takes it.</summary>
    public float[] Input { get; }

    /// <summary>Place for the row of output.</summary>
    public float[] Output { get; }

    /// <summary>What was answered of beats, once it was; empty where the question is not of beats.</summary>
    public virtual IReadOnlyList<Beats.EncodedBeat> Beats => [];

    /// <summary>Whether nothing before the window counts.</summary>
    private protected bool StartsAnew { get; set; }

    /// <summary>What stands where the network has no answer.</summary>
    internal Estimate Classical { get; private protected set; }

    /// <summary>
    /// Makes <paramref name="memory"/> the recurrent state with which this window is answered: zeros where the stream starts anew or
    /// another network was asked before. To be called when every earlier question of the stream is answered, before the network computes.
    /// </summary>
    public void Begin(RateMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (StartsAnew || memory.Identity != Model.Identity || memory.State.Length != Model.StateLength)
            memory.Begin(Model);
    }

    /// <summary>
    /// The estimate, from <see cref="Output"/>. Where that holds no number the classical estimate stands, and <paramref name="memory"/>
    /// starts anew with the next window: it would hold none either.
    /// </summary>
    public abstract Estimate Answered(RateMemory memory);

    /// <summary>The estimate where the network fails: the classical one, as such. <paramref name="memory"/> starts anew.</summary>
    public Estimate Unanswered(RateMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        memory.Forget();
        return Classical;
    }

    /// <summary>Asks here and now, one row, and answers.</summary>
    public Estimate Ask(RateMemory memory)
    {
        Begin(memory);
        Model.Forward(Input, memory.State, Output);
        return Answered(memory);
    }

    /// <summary>Is for <paramref name="model"/> from now on, if its rows are long enough and no longer.</summary>
    internal bool TryTurnTo(RecurrentModel model)
    {
        Model = model;
        return Input.Length == model.InputLength && Output.Length == model.OutputLength;
    }
}
