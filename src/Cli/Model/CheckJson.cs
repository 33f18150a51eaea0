using System.Text.Json.Serialization;
using AaClip.Evaluation;
using AaClip.Pipeline.Contracts;

namespace AaClip.Cli.Model;

/// <summary>A line of <c>aaclip check --json</c>.</summary>
/// <param name="Picture">Path of the file.</param>
/// <param name="Generated">What the check says, as in a result; absent if the picture could not be read.</param>
/// <param name="Failure">Why it could not be read; absent if it could.</param>
internal sealed record PictureLine(string Picture, GeneratedPart? Generated, FailurePart? Failure);

/// <summary>The output of <c>aaclip evaluate --check --json</c>.</summary>
/// <param name="Model">"name@version".</param>
/// <param name="Sets">One for each set.</param>
/// <param name="Mean">Unweighted means over the sets.</param>
internal sealed record CheckEvaluationReport(string Model, IReadOnlyList<CheckReport> Sets, CheckReport Mean);

/// <summary>The output of <c>aaclip calibrate --check --json</c>.</summary>
/// <param name="Model">"name@version".</param>
/// <param name="Pictures">Number of real pictures.</param>
/// <param name="Threshold">Probability from which pictures are flagged.</param>
/// <param name="FalseAlarms">Upper bound on the probability that a new real picture of the camera is flagged.</param>
/// <param name="Needed">Pictures that the requested bound needs.</param>
/// <param name="Where">What was written.</param>
internal sealed record CheckCalibrationReport(string Model, int Pictures, double Threshold, double FalseAlarms, int Needed, string Where);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(PictureLine))]
[JsonSerializable(typeof(CheckEvaluationReport))]
[JsonSerializable(typeof(CheckCalibrationReport))]
internal sealed partial class CheckJson : JsonSerializerContext;
