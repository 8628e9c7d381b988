package gate

// unavailable tells why a stream cannot have a publisher now. The first one has it: viewers know its key, and must not
// take its place.
func (g *Gate) unavailable(key string) refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.unavailableLocked(key)
}

func (g *Gate) unavailableLocked(key string) refusal {
	if _, taken := g.streams[key]; taken {
		return refusedTaken
	}
	// Those that are only asked for are no publishers yet, and mostly will not be.
	publishing := 0
	for _, s := range g.streams {
		if s != nil {
			publishing++
		}
	}
	if publishing >= g.config.Publishing {
		return refusedBusy
	}
	return ""
}

// take a stream for a publisher that asks for it.
func (g *Gate) take(key string) refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	refused := g.unavailableLocked(key)
	if refused == "" {
		g.streams[key] = nil
	}
	return refused
}

func (g *Gate) release(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.streams, key)
}
