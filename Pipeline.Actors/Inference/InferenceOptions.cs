using System.ComponentModel.DataAnnotations;
using Pipeline.Models.Packages;

namespace Pipeline.Actors.Inference;

/// <summary>How networks are served; the section <c>Inference</c> of the configuration.</summary>
public sealed class InferenceOptions : IValidatableObject
{
    /// <summary>Rows of the largest batch, 1 to 1,024; default 64.</summary>
    [Range(1, 1_024)]
    public int MaxBatch { get; set; } = 64;

    /// <summary>
    /// How long the oldest request may wait for its batch to fill up, 0 to 1 s; default 0: a free worker takes what is there, and a batch
    /// grows while the workers are busy.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan MaxDelay { get; set; } = TimeSpan.Zero;

    /// <summary>Threads of each model, each with a session of its own, 1 to 64; default 1.</summary>
    [Range(1, 64)]
    public int Workers { get; set; } = 1;

    /// <summary>Requests of one model and one priority that may wait, 16 to 1,000,000; default 4,096. The next power of two is
    /// used.</summary>
    [Range(16, 1_000_000)]
    public int QueueCapacity { get; set; } = 4_096;

    /// <summary>Where batched networks run: <c>cpu</c> (default), or <c>cuda</c>, <c>cuda:1</c> (a build with ONNX Runtime's CUDA
    /// provider).</summary>
    [Required]
    [RegularExpression("cpu|cuda(:[0-9]{1,2})?", MatchTimeoutInMilliseconds = Timeout.Infinite, ErrorMessage = "allowed: cpu, cuda, cuda:0 to cuda:99")]
    public string Device { get; set; } = OnnxDevice.Cpu;

    /// <summary>
    /// How often the folder of the model is looked at for a new version, 0 to 1 h; default 5 s; 0: never. What is new is taken when two
    /// looks in a row see the same.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Batch sizes that sessions are opened with and warmed up for: powers of two, three quarters of them, and
    /// <see cref="MaxBatch"/>.</summary>
    public IReadOnlyList<int> BatchSizes
    {
        get
        {
            var sizes = new SortedSet<int> { MaxBatch };
            for (var size = 1; size < MaxBatch; size *= 2)
            {
                sizes.Add(size);
                if (size >= 4 && size * 3 / 2 < MaxBatch)
                    sizes.Add(size * 3 / 2);
            }
            return [.. sizes];
        }
    }

    /// <summary>Refuses what the ranges refuse.</summary>
    /// <exception cref="ValidationException">Names the key, its value and what is allowed.</exception>
    public void Validate() => Validator.ValidateObject(this, new ValidationContext(this), validateAllProperties: true);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (QueueCapacity < MaxBatch)
            yield return new ValidationResult($"{nameof(QueueCapacity)} is {QueueCapacity}; at least {nameof(MaxBatch)} ({MaxBatch}) is wanted.", [nameof(QueueCapacity)]);
    }
}
