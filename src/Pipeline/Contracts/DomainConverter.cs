using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Scoring.Maps;

namespace AaClip.Pipeline.Contracts;

/// <summary>Writes a domain as "industrial" or "medical".</summary>
internal sealed class DomainConverter() : JsonStringEnumConverter<Domain>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
