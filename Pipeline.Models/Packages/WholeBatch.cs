namespace Pipeline.Models.Packages;

/// <summary>A batch whose rows already lie behind each other in one span.</summary>
public static class WholeBatch
{
    /// <summary>
    /// One forward pass. input [rows x InputLength], state [rows x StateLength], output [rows x OutputLength], nextState [rows x
    /// StateLength]. <paramref name="nextState"/> may be <paramref name="state"/> itself.
    /// </summary>
    /// <exception cref="ArgumentException">A span has another length, or there are more rows than the largest batch size.</exception>
    public static void Forward(
        this IModelSession session, int rows, ReadOnlySpan<float> input, ReadOnlySpan<float> state, Span<float> output, Span<float> nextState)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (rows < 1 || rows > session.BatchSizes[^1])
            throw new ArgumentException($"{rows} rows; 1 to {session.BatchSizes[^1]} are possible.", nameof(rows));
        if (input.Length != rows * session.InputLength || output.Length != rows * session.OutputLength || state.Length != rows * session.StateLength || nextState.Length != state.Length)
            throw new ArgumentException(
                $"{rows} rows take {rows * session.InputLength} input, {rows * session.StateLength} state and {rows * session.OutputLength} output floats; {input.Length}, {state.Length}/{nextState.Length} and {output.Length} were given.",
                nameof(input));
        input.CopyTo(session.Input);
        state.CopyTo(session.State);
        session.Run(rows);
        session.Output[..output.Length].CopyTo(output);
        session.NextState[..nextState.Length].CopyTo(nextState);
    }
}
