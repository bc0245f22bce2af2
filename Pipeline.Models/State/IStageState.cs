namespace Pipeline.Models.State;

/// <summary>The state of a stage of a stream: what of it survives a restart.</summary>
public interface IStageState
{
    /// <summary>Name of the state's form, the same in every program that reads it; not empty.</summary>
    string StateName { get; }

    /// <summary>Version of the state that is written, from 1. It grows when a field is added; older ones are still read.</summary>
    int StateVersion { get; }

    /// <summary>The network whose state is among the fields, by name and version; empty where there is none.</summary>
    string StateModel => "";

    /// <summary>Hands every mutable field over, in a fixed order, between two windows.</summary>
    void Transfer(StateTransfer state);
}
