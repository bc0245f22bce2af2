using System.Globalization;
using System.Text.Json;
using Pipeline.Host.Errors;
using Pipeline.Training.Export;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Host.Networks;

/// <summary>
/// A training that is under way, as one file: the command, the scores of the folds that are done, and the state of the present loop. It is
/// replaced as a whole, so a process that is killed leaves the one before.
/// </summary>
internal sealed class TrainCheckpoint
{
    // A figure that a recording has not is NaN.
    private static readonly JsonSerializerOptions ScoresJson = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private const string FileName = "checkpoint.safetensors";
    private const string CommandKey = "command", RecipeKey = "recipe", StepKey = "step", ScoresKey = "scores", InputsKey = "inputs";

    private readonly string _command;
    private readonly string _recipe;
    private readonly List<IReadOnlyList<HeldOutScore>> _scores = [];
    private Dictionary<string, torch.Tensor> _state = [];

    private TrainCheckpoint(string folder, string command, string recipe) => (Path, _command, _recipe) = (folder, command, recipe);

    /// <summary>Its folder.</summary>
    public string Path { get; }

    /// <summary>Whether an earlier run left it.</summary>
    public bool IsResumed { get; private set; }

    /// <summary>Scores of the folds that are done, in their order.</summary>
    public IReadOnlyList<IReadOnlyList<HeldOutScore>> Scores => _scores;

    /// <summary>Steps of the present loop that are done.</summary>
    public int Step { get; private set; }

    /// <summary>What <see cref="ITraining.FitInputs"/> found for the present loop; null: nothing, or not yet.</summary>
    public string? Inputs { get; private set; }

    private string File => System.IO.Path.Combine(Path, FileName);

    /// <summary>Takes up what an earlier run of the same training left, or begins.</summary>
    /// <exception cref="CommandException">Another training's is there, or it cannot be read.</exception>
    public static TrainCheckpoint Open(TrainRequest request, ITraining training, IReadOnlyList<IReadOnlySet<string>> folds)
    {
        var checkpoint = new TrainCheckpoint(FolderOf(request), request.Command, RecipeOf(request, training, folds));
        if (System.IO.File.Exists(checkpoint.File))
            checkpoint.Load();
        return checkpoint;
    }

    /// <summary>Puts the loop where the earlier run left it.</summary>
    public void Restore(TrainingLoop loop)
    {
        if (Step == 0)
            return;
        try
        {
            loop.Restore(_state, Step);
        }
        catch (ArgumentException fault)
        {
            throw CommandException.BadUsage($"{Path} was left by another version of the network: {fault.Message} Delete the folder to begin anew.");
        }
        Clear();
    }

    /// <summary>The present loop's inputs are fitted.</summary>
    public void Keep(string inputs)
    {
        Inputs = inputs;
        Write(new Dictionary<string, torch.Tensor>(), 0);
    }

    /// <summary>Keeps the loop as it is now.</summary>
    public void Save(TrainingLoop loop) => Write(loop.State(), loop.Step);

    /// <summary>A fold is done.</summary>
    public void Finish(IReadOnlyList<HeldOutScore> scores)
    {
        _scores.Add(scores);
        Inputs = null;
        Write(new Dictionary<string, torch.Tensor>(), 0);
    }

    /// <summary>The training is done: nothing is kept.</summary>
    public void Delete()
    {
        Clear();
        if (!Directory.Exists(Path))
            return;
        System.IO.File.Delete(File);
        if (!Directory.EnumerateFileSystemEntries(Path).Any())
            Directory.Delete(Path);
    }

    private static string FolderOf(TrainRequest request) =>
        System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(request.Output ?? request.Model)) + ".training";

    /// <summary>All that the weights depend on.</summary>
    private static string RecipeOf(TrainRequest request, ITraining training, IReadOnlyList<IReadOnlySet<string>> folds) => JsonSerializer.Serialize(new
    {
        request.Model,
        Held = folds.Select(fold => string.Join(' ', fold.Order(StringComparer.Ordinal))),
        training.Steps,
        request.Seed,
        request.Device,
        Package = request.Output is not null,
        training.DataHash,
    });

    private void Load()
    {
        Dictionary<string, string> notes;
        try
        {
            notes = Safetensors.LoadMetadata(File);
            if (notes.GetValueOrDefault(RecipeKey) != _recipe)
                throw CommandException.BadUsage($"{Path} holds an unfinished training by '{notes.GetValueOrDefault(CommandKey)}'; this is '{_command}' or other data. Finish that one, or delete the folder.");
            _scores.AddRange(JsonSerializer.Deserialize<List<List<HeldOutScore>>>(notes[ScoresKey], ScoresJson) ?? []);
            Step = int.Parse(notes[StepKey], CultureInfo.InvariantCulture);
            Inputs = notes.GetValueOrDefault(InputsKey);
            _state = Safetensors.Load(File);
        }
        catch (Exception fault) when (fault is InvalidDataException or JsonException or FormatException or KeyNotFoundException)
        {
            throw CommandException.BadUsage($"{File} cannot be read ({fault.Message}): delete the folder to begin anew.");
        }
        IsResumed = true;
    }

    private void Write(IReadOnlyDictionary<string, torch.Tensor> state, int step)
    {
        Directory.CreateDirectory(Path);
        var draft = $"{File}.part";
        var notes = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [CommandKey] = _command,
            [RecipeKey] = _recipe,
            [ScoresKey] = JsonSerializer.Serialize(_scores, ScoresJson),
            [StepKey] = step.ToString(CultureInfo.InvariantCulture),
        };
        if (Inputs is not null)
            notes[InputsKey] = Inputs;
        using (var file = System.IO.File.Create(draft))
        {
            Safetensors.Save(file, state, notes);
            file.Flush(flushToDisk: true);
        }
        System.IO.File.Move(draft, File, overwrite: true);
    }

    private void Clear()
    {
        foreach (var tensor in _state.Values)
            tensor.Dispose();
        (_state, Step) = ([], 0);
    }
}
