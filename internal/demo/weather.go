package demo

import (
	"math"
	"time"
)

// weather is the state of the world outside the service: the share of requests
// to its partners that go wrong, each in [0, 1].
type weather struct {
	chargeFails   float64 // the payment provider fails, at the second attempt too
	chargeHiccups float64 // only the first attempt fails
	declined      float64 // the customer's bank refuses
	stockFails    float64 // the warehouse fails
	soldOut       float64 // the warehouse has no more
}

var (
	calm     = weather{chargeFails: .004, chargeHiccups: .012, declined: .03, stockFails: .002, soldOut: .01}
	outage   = weather{chargeFails: .7, chargeHiccups: .1, declined: .03, stockFails: .002, soldOut: .01}
	shaky    = weather{chargeFails: .02, chargeHiccups: .3, declined: .03, stockFails: .002, soldOut: .01}
	badStock = weather{chargeFails: .004, chargeHiccups: .012, declined: .03, stockFails: .35, soldOut: .03}
)

// spell is weather that differs from calm for a while.
type spell struct {
	from, lasts  time.Duration // from the beginning of the simulated interval
	weather      weather
	loseReceipts bool // the directory of receipts is removed when the spell begins
}

// week is the weather before the deploy: six outages of the payment provider like
// the one in the hour after it, bursts of retries, and trouble in the warehouse.
func week() []spell {
	at := func(day int, hour, minute int) time.Duration {
		return time.Duration(day)*24*time.Hour + time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	}
	return []spell{
		{from: at(0, 3, 40), lasts: 20 * time.Minute, weather: badStock},
		{from: at(0, 22, 10), lasts: 45 * time.Minute, weather: outage},
		{from: at(1, 1, 0), lasts: 35 * time.Minute, weather: outage},
		{from: at(1, 9, 15), lasts: 15 * time.Minute, weather: shaky},
		{from: at(2, 2, 30), lasts: 10 * time.Minute, weather: shaky},
		{from: at(2, 20, 0), lasts: 50 * time.Minute, weather: outage},
		{from: at(3, 5, 20), lasts: 15 * time.Minute, weather: badStock},
		{from: at(4, 0, 30), lasts: 40 * time.Minute, weather: outage},
		{from: at(4, 18, 5), lasts: 20 * time.Minute, weather: shaky},
		{from: at(5, 4, 0), lasts: 20 * time.Minute, weather: badStock},
		{from: at(5, 22, 0), lasts: 45 * time.Minute, weather: outage},
		{from: at(6, 1, 20), lasts: 40 * time.Minute, weather: outage},
		{from: at(6, 12, 30), lasts: 15 * time.Minute, weather: badStock},
		{from: at(6, 21, 45), lasts: 15 * time.Minute, weather: shaky},
	}
}

// weatherAt gives the spell that reigns at an offset; calm when there is none.
func weatherAt(spells []spell, offset time.Duration) spell {
	for _, s := range spells {
		if offset >= s.from && offset < s.from+s.lasts {
			return s
		}
	}
	return spell{weather: calm}
}

// requestsPerHour is the average of the week.
const requestsPerHour = 440

// rate is the expected requests per hour at an offset from the deploy, negative
// before it. The shop's customers live where the deploy happens in the busiest
// hours, and their week-end lies three to five days before it: so the traffic,
// and with it every number of the demo, does not depend on when it is run.
func rate(fromDeploy time.Duration) float64 {
	hours := fromDeploy.Hours()
	perHour := requestsPerHour * (1 + .8*math.Cos(2*math.Pi*(hours-.5)/24))
	if hours >= -120 && hours < -72 {
		perHour *= .75
	}
	return perHour
}
